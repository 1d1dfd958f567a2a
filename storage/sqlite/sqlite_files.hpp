#pragma once

/// \file
/// Detects that an open SQLite database was moved, removed or replaced, so that its path no longer
/// leads to the open files.

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

/// Identity of a file: its device and inode, which do not depend on the name of the file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  [[nodiscard]] bool operator==(const FileIdentity&) const = default;
};

/// \return the identity (device and inode) of the file at `path`; nothing if there is no accessible
/// file (errno says why).
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

/// The three files of an open SQLite database: the database, its write-ahead log, and the log's
/// index. If one of them is removed, moved, replaced or hidden by a mount, the next start will not
/// find the data that is written to it afterwards.
///
/// SQLite's own test (SQLITE_FCNTL_HAS_MOVED) checks only the inode of the database. It does not
/// check the device, so a new file system that is mounted over the database can pass the test, and
/// it does not check the write-ahead log.
///
/// All connections of a store share one object. Thread-safe.
class SqliteFiles {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Records the three files of an SQLite database. Call this function when a connection has just
  /// read from the database.
  /// \param database identity of the file with which the store was opened, if known.
  /// \return the recorded files; kMoved if the path does not lead to the files that are open.
  [[nodiscard]] static Result<std::shared_ptr<SqliteFiles>> learn(
      const std::filesystem::path& path, const std::optional<FileIdentity>& database);

  /// Checks that the next start would find the open database files at their path. The check costs
  /// three system calls, which take a few microseconds.
  /// \return kMoved if the next start would not find them; the error message stays the same until
  /// something changes.
  [[nodiscard]] Result<void> check();
  /// Repeats check() if the last check found that a file was not in its place; otherwise does
  /// nothing.
  [[nodiscard]] Result<void> check_if_lost();

  /// Counts, for the error message, a transaction that was written to files which are no longer in
  /// their place.
  void count_lost_write() { ++lost_writes_; }
  /// Returns true if the database files are no longer in their place and the write-ahead log has
  /// not been copied into the database since that was found.
  [[nodiscard]] bool wants_checkpoint() const { return lost_ && !checkpointed_; }
  void note_checkpoint() { checkpointed_ = true; }
  /// Returns true if the path of the store leads to another database or to no database.
  [[nodiscard]] bool is_database_lost() const { return database_lost_; }

 private:
  struct File {
    std::string_view suffix;
    std::optional<FileIdentity> identity;
  };
  /// A file of the database that is not in its place, with the path where it should be.
  struct Loss {
    const File* file;
    std::string path;
    int error;  ///< errno if no file was found at the expected path; 0 if another file was found
  };

  explicit SqliteFiles(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] bool are_in_place() const;
  [[nodiscard]] std::optional<Loss> find_loss() const;
  [[nodiscard]] Failure failure(const Loss& loss);

  const std::filesystem::path path_;
  const std::string log_name_ = path_.string() + "-wal";
  const std::string index_name_ = path_.string() + "-shm";
  /// The database, its write-ahead log and the log's index; these files do not change after
  /// learn().
  std::array<File, 3> files_{{{"", {}}, {"-wal", {}}, {"-shm", {}}}};

  std::atomic<bool> lost_{false};
  std::atomic<bool> database_lost_{false};
  std::atomic<bool> checkpointed_{false};
  std::atomic<std::uint64_t> lost_writes_{0};

  std::mutex mutex_;
  /// Description of the file that is not in its place. The text is renewed only now and then,
  /// because that is slow.
  std::string what_;
  std::chrono::steady_clock::time_point looked_for_at_{};
  /// New name of a foreign write-ahead log that was in the place of the store's log.
  std::string set_aside_;
};

}  // namespace couponhook::storage
