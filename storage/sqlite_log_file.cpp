#include "storage/sqlite_log_file.hpp"

#include <array>
#include <cstring>
#include <new>

#include <sqlite3.h>

namespace couponhook::storage {
namespace {

constexpr const char* kName = "couponhook";
constexpr int kHeaderBytes = 24;  // of a frame: SQLite's file format, section 4.1
constexpr int kPageBytesMax = 4096;

sqlite3_vfs& original() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return *vfs;
}

/// SQLite gives the memory, of which the original's own file takes the part behind this one.
struct LogFile {
  sqlite3_file base;
  sqlite3_int64 held_at;  ///< where the held header belongs
  bool holds;
  std::array<char, kHeaderBytes + kPageBytesMax> frame;  ///< begins with the held header

  [[nodiscard]] sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

LogFile& log_of(sqlite3_file* file) {
  return *reinterpret_cast<LogFile*>(file);
}

/// Writes what is held on its own. \return an SQLite result.
int write_held(LogFile& log) {
  if (!log.holds) return SQLITE_OK;
  log.holds = false;
  return log.file()->pMethods->xWrite(log.file(), log.frame.data(), kHeaderBytes, log.held_at);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  LogFile& log = log_of(file);
  sqlite3_file* const inner = log.file();
  if (log.holds && at == log.held_at + kHeaderBytes && size <= kPageBytesMax) {
    log.holds = false;
    std::memcpy(log.frame.data() + kHeaderBytes, bytes, static_cast<std::size_t>(size));
    return inner->pMethods->xWrite(inner, log.frame.data(), kHeaderBytes + size, log.held_at);
  }
  if (const int rc = write_held(log); rc != SQLITE_OK) return rc;
  if (size != kHeaderBytes) return inner->pMethods->xWrite(inner, bytes, size, at);
  std::memcpy(log.frame.data(), bytes, kHeaderBytes);
  log.held_at = at;
  log.holds = true;
  return SQLITE_OK;
}

/// Any other call, once nothing is held.
template <auto kMethod, typename... Arguments>
int pass_on(sqlite3_file* file, Arguments... arguments) {
  LogFile& log = log_of(file);
  if (const int rc = write_held(log); rc != SQLITE_OK) return rc;
  return (log.file()->pMethods->*kMethod)(log.file(), arguments...);
}

/// A property of the file, which nothing held can change.
template <auto kMethod>
int ask(sqlite3_file* file) {
  sqlite3_file* const inner = log_of(file).file();
  return (inner->pMethods->*kMethod)(inner);
}

int close(sqlite3_file* file) {
  LogFile& log = log_of(file);
  const int written = write_held(log);
  const int closed = log.file()->pMethods->xClose(log.file());
  return written == SQLITE_OK ? closed : written;
}

using Methods = sqlite3_io_methods;

// Version 1: shared memory and mapping are asked of the database's file, never of its log.
constexpr Methods kLogMethods{.iVersion = 1,
                              .xClose = close,
                              .xRead = pass_on<&Methods::xRead>,
                              .xWrite = write,
                              .xTruncate = pass_on<&Methods::xTruncate>,
                              .xSync = pass_on<&Methods::xSync>,
                              .xFileSize = pass_on<&Methods::xFileSize>,
                              .xLock = pass_on<&Methods::xLock>,
                              .xUnlock = pass_on<&Methods::xUnlock>,
                              .xCheckReservedLock = pass_on<&Methods::xCheckReservedLock>,
                              .xFileControl = pass_on<&Methods::xFileControl>,
                              .xSectorSize = ask<&Methods::xSectorSize>,
                              .xDeviceCharacteristics = ask<&Methods::xDeviceCharacteristics>,
                              .xShmMap = nullptr,
                              .xShmLock = nullptr,
                              .xShmBarrier = nullptr,
                              .xShmUnmap = nullptr,
                              .xFetch = nullptr,
                              .xUnfetch = nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  if ((flags & SQLITE_OPEN_WAL) == 0) {
    return original().xOpen(&original(), name, file, flags, opened_flags);
  }
  LogFile* const log = new (file) LogFile{};
  const int rc = original().xOpen(&original(), name, log->file(), flags, opened_flags);
  if (log->file()->pMethods != nullptr) log->base.pMethods = &kLogMethods;
  return rc;
}

}  // namespace

const char* log_joining_vfs() {
  static const bool registered = [] {
    static sqlite3_vfs joining = original();
    joining.zName = kName;
    joining.szOsFile += static_cast<int>(sizeof(LogFile));
    joining.xOpen = open;
    return sqlite3_vfs_register(&joining, 0) == SQLITE_OK;
  }();
  return registered ? kName : nullptr;
}

}  // namespace couponhook::storage
