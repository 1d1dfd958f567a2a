#pragma once

/// \file
/// Notices that an open database's path no longer leads to the files that are open.

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

/// A file, under whatever name.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  [[nodiscard]] bool operator==(const FileIdentity&) const = default;
};

/// \return nothing where the path leads to no file that can be looked at; errno says why.
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

/// The three files of an open SQLite database: itself, its log and the log's index. Whatever is
/// written to them after one of them was removed, moved, replaced or hidden by a mount would not be
/// found at the next start.
///
/// SQLite's own test (SQLITE_FCNTL_HAS_MOVED) looks at the database's inode only: not at its
/// device, so that a fresh file system mounted over it can pass, and not at the log.
///
/// All connections of a store share one. Thread-safe.
class SqliteFiles {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Remembers the files of a database that a connection has just read from.
  /// \param database the file that the store was opened with, if that is known.
  /// \return kMoved where the path does not lead to the files that are open.
  [[nodiscard]] static Result<std::shared_ptr<SqliteFiles>> learn(
      const std::filesystem::path& path, const std::optional<FileIdentity>& database);

  /// Whether a restart would find these files: three system calls, a few microseconds.
  /// \return kMoved, in the same words until something changes.
  [[nodiscard]] Result<void> check();
  /// As check() where the last one failed; free where it did not.
  [[nodiscard]] Result<void> check_if_lost();

  /// Counts a transaction that turned out to have been written to files that are not in their
  /// place.
  void count_stray() { ++strays_; }
  /// Whether nobody has yet written what the log holds to the database since the loss.
  [[nodiscard]] bool wants_checkpoint() const { return lost_ && !checkpointed_; }
  void note_checkpoint() { checkpointed_ = true; }
  /// Whether the path leads to another database, or to none.
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
    int error;  ///< errno where nothing can be looked at there; 0: it is another file
  };

  explicit SqliteFiles(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] bool are_in_place() const;
  [[nodiscard]] std::optional<Loss> find_loss() const;
  [[nodiscard]] Failure failure(const Loss& loss);

  const std::filesystem::path path_;
  const std::string log_name_ = path_.string() + "-wal";
  const std::string index_name_ = path_.string() + "-shm";
  std::array<File, 3> files_{{{"", {}}, {"-wal", {}}, {"-shm", {}}}};  ///< constant once learned

  std::atomic<bool> lost_{false};
  std::atomic<bool> database_lost_{false};
  std::atomic<bool> checkpointed_{false};
  std::atomic<std::uint64_t> strays_{0};

  std::mutex mutex_;
  std::string what_;  ///< happened, in words; looked for once in a while, since that takes time
  std::chrono::steady_clock::time_point looked_for_at_{};
  std::string set_aside_;  ///< the name of a log that had taken the place of ours
};

}  // namespace couponhook::storage
