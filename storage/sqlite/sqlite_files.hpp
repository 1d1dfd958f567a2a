#pragma once

/// \file
/// Detects that the path of an open database no longer leads to the open files.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Identity of a file, independent of its name.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  [[nodiscard]] bool operator==(const FileIdentity&) const = default;
};

/// \return the identity; nothing if the path leads to no accessible file (see errno).
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

/// The three files of an open SQLite database: the database, its write-ahead log, and the log's
/// index. If one of them is removed, moved, replaced or hidden by a mount, the next start will not
/// find the data that is written to it afterwards.
///
/// SQLite's own test (SQLITE_FCNTL_HAS_MOVED) checks only the inode of the database. It does not
/// check the device, so a new file system that is mounted over the database can pass, and it does
/// not check the log.
///
/// All connections of a store share one object. Thread-safe.
class SqliteFiles {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Records the files of a database that a connection has just read from.
  /// \param database the file that the store was opened with, if known.
  /// \return kMoved if the path does not lead to the open files.
  [[nodiscard]] static Result<std::shared_ptr<SqliteFiles>> learn(
      const std::filesystem::path& path, const std::optional<FileIdentity>& database);

  /// Checks that a restart would find these files. Costs three system calls, a few microseconds.
  /// \return kMoved if not; the message stays the same until something changes.
  [[nodiscard]] Result<void> check();
  /// The same as check() if the last check failed; otherwise does nothing.
  [[nodiscard]] Result<void> check_if_lost();

  /// Counts a transaction that was written to files which are no longer in their place.
  void count_stray() { ++strays_; }
  /// Returns true if the log has not been copied into the database since the loss.
  [[nodiscard]] bool wants_checkpoint() const { return lost_ && !checkpointed_; }
  void note_checkpoint() { checkpointed_ = true; }
  /// Returns true if the path leads to another database or to none.
  [[nodiscard]] bool is_database_lost() const { return database_lost_; }

 private:
  struct File {
    std::string_view suffix;
    std::optional<FileIdentity> identity;
  };
  /// A file that is not in its place.
  struct Loss {
    const File* file;
    std::string path;
    int error;  ///< errno if no file was found there; 0 if another file was
  };

  explicit SqliteFiles(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] bool are_in_place() const;
  [[nodiscard]] std::optional<Loss> find_loss() const;
  [[nodiscard]] Failure failure(const Loss& loss);

  const std::filesystem::path path_;
  const std::string log_name_ = path_.string() + "-wal";
  const std::string index_name_ = path_.string() + "-shm";
  std::array<File, 3> files_{{{"", {}}, {"-wal", {}}, {"-shm", {}}}};  ///< constant after learn()

  std::atomic<bool> lost_{false};
  std::atomic<bool> database_lost_{false};
  std::atomic<bool> checkpointed_{false};
  std::atomic<std::uint64_t> strays_{0};

  std::mutex mutex_;
  std::string what_;  ///< description of the loss; updated only now and then, because that is slow
  std::chrono::steady_clock::time_point looked_for_at_{};
  std::string set_aside_;  ///< new name of a foreign log that was in the place of ours
};

}  // namespace couponhook::storage
