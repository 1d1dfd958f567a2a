#pragma once

/// \file
/// One service to one store.

#include <filesystem>
#include <memory>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// An exclusive lock beside a database file, for as long as this object lives; the kernel frees it
/// when the process dies, however it dies.
///
/// SQLite's own locks would let two services take turns. Each would then keep its own idea of what
/// is being delivered.
class FileLock {
 public:
  /// \param database whose name, with ".lock" added, names the lock file. Its folder must exist.
  /// \return kUnavailable with the holder's process id where another holds it.
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
