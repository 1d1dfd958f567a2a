#include "storage/sqlite_wal_writes.hpp"

#include <cstddef>
#include <new>
#include <string>

#include <sqlite3.h>

namespace couponhook::storage {
namespace {

constexpr const char* kName = "couponhook-gathering";
/// What is gathered at most; a larger transaction is handed on in several pieces. SQLite's own file
/// access takes less than 128 KiB in one call, and would cut more down to the remainder.
constexpr std::size_t kGatheredMax = 65536;
/// The largest that SQLite writes in one call, a page.
constexpr std::size_t kPageMax = 65536;
static_assert(kGatheredMax + kPageMax <= 131072);

sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

/// A log file: SQLite's own file behind a buffer of consecutive bytes. SQLite gives the memory and
/// calls the methods as C does, from one thread at a time.
struct LogFile {
  sqlite3_file base;  // first, since SQLite sees this
  sqlite3_file* inner;
  std::string gathered;
  sqlite3_int64 gathered_at;
};

LogFile& log_file(sqlite3_file* file) {
  return *reinterpret_cast<LogFile*>(file);
}

int hand_on(LogFile& log) {
  if (log.gathered.empty()) return SQLITE_OK;
  const int rc = log.inner->pMethods->xWrite(
      log.inner, log.gathered.data(), static_cast<int>(log.gathered.size()), log.gathered_at);
  // What could not be written is SQLite's to write again, or to give up.
  log.gathered.clear();
  return rc;
}

int log_close(sqlite3_file* file) {
  LogFile& log = log_file(file);
  const int written = hand_on(log);
  const int closed = log.inner->pMethods->xClose(log.inner);
  log.~LogFile();
  return written == SQLITE_OK ? closed : written;
}

int log_write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  LogFile& log = log_file(file);
  const auto end = log.gathered_at + static_cast<sqlite3_int64>(log.gathered.size());
  if (!log.gathered.empty() && (offset != end || log.gathered.size() >= kGatheredMax)) {
    if (const int rc = hand_on(log); rc != SQLITE_OK) return rc;
  }
  if (log.gathered.empty()) log.gathered_at = offset;
  try {
    log.gathered.append(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

int log_read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
  LogFile& log = log_file(file);
  if (const int rc = hand_on(log); rc != SQLITE_OK) return rc;
  return log.inner->pMethods->xRead(log.inner, into, count, offset);
}

int log_truncate(sqlite3_file* file, sqlite3_int64 size) {
  LogFile& log = log_file(file);
  if (const int rc = hand_on(log); rc != SQLITE_OK) return rc;
  return log.inner->pMethods->xTruncate(log.inner, size);
}

int log_sync(sqlite3_file* file, int flags) {
  LogFile& log = log_file(file);
  if (const int rc = hand_on(log); rc != SQLITE_OK) return rc;
  return log.inner->pMethods->xSync(log.inner, flags);
}

int log_file_size(sqlite3_file* file, sqlite3_int64* size) {
  LogFile& log = log_file(file);
  if (const int rc = hand_on(log); rc != SQLITE_OK) return rc;
  return log.inner->pMethods->xFileSize(log.inner, size);
}

int log_lock(sqlite3_file* file, int level) {
  return log_file(file).inner->pMethods->xLock(log_file(file).inner, level);
}

int log_unlock(sqlite3_file* file, int level) {
  return log_file(file).inner->pMethods->xUnlock(log_file(file).inner, level);
}

int log_check_reserved_lock(sqlite3_file* file, int* reserved) {
  return log_file(file).inner->pMethods->xCheckReservedLock(log_file(file).inner, reserved);
}

int log_file_control(sqlite3_file* file, int operation, void* argument) {
  return log_file(file).inner->pMethods->xFileControl(log_file(file).inner, operation, argument);
}

int log_sector_size(sqlite3_file* file) {
  return log_file(file).inner->pMethods->xSectorSize(log_file(file).inner);
}

int log_device_characteristics(sqlite3_file* file) {
  return log_file(file).inner->pMethods->xDeviceCharacteristics(log_file(file).inner);
}

const sqlite3_io_methods& log_methods() {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 1;  // no shared memory and no mapping: those belong to the database file
    made.xClose = log_close;
    made.xRead = log_read;
    made.xWrite = log_write;
    made.xTruncate = log_truncate;
    made.xSync = log_sync;
    made.xFileSize = log_file_size;
    made.xLock = log_lock;
    made.xUnlock = log_unlock;
    made.xCheckReservedLock = log_check_reserved_lock;
    made.xFileControl = log_file_control;
    made.xSectorSize = log_sector_size;
    made.xDeviceCharacteristics = log_device_characteristics;
    return made;
  }();
  return methods;
}

/// SQLite gives room for the larger of the two kinds; the inner file of a log lies behind its
/// LogFile.
constexpr std::size_t kInnerOffset = (sizeof(LogFile) + alignof(std::max_align_t) - 1) /
                                     alignof(std::max_align_t) * alignof(std::max_align_t);

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* const system = system_vfs();
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, out_flags);
  auto* const inner =
      reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + kInnerOffset);
  file->pMethods = nullptr;
  const int rc = system->xOpen(system, name, inner, flags, out_flags);
  if (rc != SQLITE_OK) {
    if (inner->pMethods != nullptr) inner->pMethods->xClose(inner);
    return rc;
  }
  auto* const log = new (file) LogFile{};
  log->base.pMethods = &log_methods();
  log->inner = inner;
  return SQLITE_OK;
}

}  // namespace

const char* gathering_vfs() {
  static const int registered = [] {
    static sqlite3_vfs vfs = *system_vfs();
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.szOsFile = static_cast<int>(kInnerOffset) + system_vfs()->szOsFile;
    vfs.xOpen = open_file;
    return sqlite3_vfs_register(&vfs, 0);
  }();
  return registered == SQLITE_OK ? kName : nullptr;
}

}  // namespace couponhook::storage
