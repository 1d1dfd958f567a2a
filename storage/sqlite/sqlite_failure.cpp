#include "storage/sqlite/sqlite_failure.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace couponhook::storage {
namespace {

struct CodeMeaning {
  FailureCode code;
  std::string_view what;
  std::string_view advice;
};

constexpr CodeMeaning kNoSpace{FailureCode::kFull, "no space left for",
                               "free space on its file system, or raise its quota"};

/// Returns true if the errno means that the disk is full. With some file systems, SQLite reports a
/// full disk only as an I/O error.
bool is_out_of_space(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

std::string_view advice_on_access(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (LimitNOFILE, ulimit -n)";
    case ENOENT:
      return "check that its files exist, and that this process may open more files";
    case EROFS:
      return "its file system is mounted for reading only; mount it for writing";
    default:
      return "check owner and permissions of the file and its folder";
  }
}

/// \return the errno that explains why an existing file cannot be opened for writing; 0 if it can
/// be opened. Does not open the file: closing the file again would drop the locks that SQLite holds
/// on it.
int why_not_writable(const std::filesystem::path& path) {
  if (::access(path.c_str(), R_OK | W_OK) != 0) return errno;
  const int descriptor = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return errno;
  ::close(descriptor);
  return 0;
}

CodeMeaning meaning_of(int rc, int system_error) {
  if (rc == SQLITE_BUSY_SNAPSHOT) {
    return {FailureCode::kConflict, "another writer came first in", "run the transaction again"};
  }
  switch (rc & 0xFF) {
    case SQLITE_FULL:
      return kNoSpace;
    case SQLITE_IOERR:
      if (is_out_of_space(system_error)) return kNoSpace;
      return {FailureCode::kIo, "the device failed under",
              "look for disk errors in the system's log"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {FailureCode::kCorrupt, "damage in", "restore an intact backup"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {FailureCode::kBusy, "another process holds",
              "stop the other program that uses the file"};
    case SQLITE_INTERRUPT:
      return {FailureCode::kUnavailable, "it took too long to read", "request less data"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {FailureCode::kNoAccess, "no access to", advice_on_access(system_error)};
    case SQLITE_NOMEM:
      return {FailureCode::kUnavailable, "not enough memory to work with", "give it more memory"};
    default:
      return {FailureCode::kStatement, "a statement was refused by", "please report this"};
  }
}

}  // namespace

Failure sqlite_failure(sqlite3* db, int rc, std::string_view path) {
  const int system_error = db == nullptr ? 0 : sqlite3_system_errno(db);
  const CodeMeaning meaning = meaning_of(rc, system_error);
  std::string message(meaning.what);
  message += " store ";
  message += path;
  message += ": ";
  message += db == nullptr ? sqlite3_errstr(rc) : sqlite3_errmsg(db);
  message += " (SQLite " + std::to_string(rc);
  const int primary = rc & 0xFF;
  if (system_error != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    message += ", ";
    message += std::strerror(system_error);
  }
  message += "): ";
  message += meaning.advice;
  return {meaning.code, std::move(message)};
}

Failure only_for_reading(const std::filesystem::path& path) {
  const int error = why_not_writable(path);
  std::string message = "store " + path.string() + " could be opened for reading only: ";
  if (error == 0) {
    message += "opening it for writing failed once and would succeed now; start again";
  } else {
    message += std::strerror(error);
    message += ": ";
    message += advice_on_access(error);
  }
  return {FailureCode::kNoAccess, std::move(message)};
}

}  // namespace couponhook::storage
