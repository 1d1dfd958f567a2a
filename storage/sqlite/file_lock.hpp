#pragma once

/// \file
/// Lock file beside an SQLite database, which allows only one service to use the store.

#include <filesystem>
#include <memory>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Exclusive lock on a file beside the SQLite database, held as long as this object lives. The
/// kernel releases the lock when the process ends, however it ends.
///
/// SQLite's own locks would let two services write to the database in turns. Each service would
/// then have its own view of the deliveries that are being made.
class FileLock {
 public:
  /// Creates the lock file if it is missing, and locks it.
  /// \param database path of the database; the path of the lock file is this path with ".lock"
  /// added. Its folder must exist.
  /// \return the lock; if another process holds the lock, the failure kUnavailable with the id of
  /// that process.
  [[nodiscard]] static Connection::Result<std::unique_ptr<FileLock>> acquire(
      const std::filesystem::path& database);

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace couponhook::storage
