#pragma once

/// \file
/// SQLite driver.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/connection.hpp"
#include "storage/sqlite/sqlite_files.hpp"
#include "storage/sqlite/write_turns.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace couponhook::storage {

/// State of the write-ahead log (WAL) after a checkpoint.
struct LogState {
  int frames = 0;
  int copied = 0;  ///< frames that are in the database too
};

/// A connection to an SQLite file.
class SqliteConnection final : public Connection {
 public:
  struct Options {
    bool read_only = false;  ///< opens the file only for reading; creates nothing
    /// Longest wait for a lock of another process, and for a turn.
    std::chrono::milliseconds busy_timeout{1000};
    /// Longest time of one statement; zero: no limit.
    std::chrono::milliseconds statement_max{0};
    /// Queue in which the transactions of this connection wait; null: none.
    std::shared_ptr<WriteTurns> turns = nullptr;
    WriterRole role = WriterRole::kOperators;  ///< role in that queue
    /// Object that must live as long as the connection: the store's lock.
    std::shared_ptr<const void> keeps = nullptr;
  };
  /// Opens an existing file. Changes nothing in it.
  [[nodiscard]] static Result<std::unique_ptr<SqliteConnection>> open(
      const std::filesystem::path& path, const Options& options);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  [[nodiscard]] Result<void> begin() override;
  [[nodiscard]] Result<void> commit() override;
  void rollback() noexcept override;
  [[nodiscard]] Result<void> run(std::span<const Command> commands,
                                 std::vector<Rows>& results) override;
  [[nodiscard]] Result<void> run_script(std::string_view script) override;
  [[nodiscard]] Result<void> commit_without_waiting() override;
  [[nodiscard]] Result<void> check_place() override;
  [[nodiscard]] Result<std::int64_t> size_bytes() override;
  [[nodiscard]] Result<void> check_integrity() override;
  [[nodiscard]] std::string_view engine() const override { return "sqlite"; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Sets the options that make a commit survive a power cut, and checks that they are in force.
  [[nodiscard]] Result<void> make_durable();
  /// Copies as many WAL frames as possible into the database. Does not wait for other connections.
  [[nodiscard]] Result<LogState> checkpoint();
  /// Makes SQLite stop running checkpoints on this connection. Instead `told` is called after each
  /// commit, while the connection still has its turn, with the number of frames in the WAL.
  void tell_of_commits(std::function<void(int frames)> told);
  /// Refuses every change from now on.
  [[nodiscard]] Result<void> make_read_only();
  /// From now on, a commit or read succeeds only if these files are still in their place.
  void watch(std::shared_ptr<SqliteFiles> files) { files_ = std::move(files); }
  /// Fails if the database is not a couponhook store. An empty database becomes one if `may_claim`.
  [[nodiscard]] Result<void> check_identity(bool may_claim);
  /// Like check_integrity(), but skips the slowest checks, and returns success when the time is
  /// over.
  [[nodiscard]] Result<void> check_quickly(std::chrono::milliseconds time_max);

  /// Copies this database into `copy`, an empty file, as it is now. Other connections can commit
  /// meanwhile; their commits are not in the copy.
  /// \param after_step called after every few megabytes; its failure ends the copy.
  [[nodiscard]] Result<void> copy_to(
      SqliteConnection& copy,
      const std::function<Result<void>(std::uint64_t pages, std::uint64_t of)>& after_step);
  /// Ends WAL mode, so that the database file alone holds everything. Fails if others have it open.
  [[nodiscard]] Result<void> make_self_contained();

 private:
  struct CloseDatabase {
    void operator()(sqlite3* db) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using StatementHandle = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct Prepared {
    StatementHandle handle;
    bool gives_sequence = false;  ///< prepared without its RETURNING seq
  };

  SqliteConnection(sqlite3* db, const std::filesystem::path& path, const Options& options);

  [[nodiscard]] Failure failure(int rc) const;
  [[nodiscard]] Result<const Prepared*> prepare(const Statement& statement);
  [[nodiscard]] Result<void> execute(const Command& command, Rows& rows);
  [[nodiscard]] Result<void> check_writable();
  /// Called after a transaction: checks that it was written to the files that a restart will find.
  [[nodiscard]] Result<void> confirm_place();
  void checkpoint_if_lost() noexcept;
  /// \return the first value of a statement's result, as text.
  [[nodiscard]] Result<std::string> ask(const char* statement);
  [[nodiscard]] Result<void> expect(const char* pragma, std::string_view value);
  [[nodiscard]] Failure damage(std::string findings) const;
  void limit_time(std::chrono::milliseconds time_max);

  /// Busy handler that SQLite calls while another process has locked the database.
  /// \return nonzero to try again.
  static int wait_for_lock(void* connection, int times);

  [[nodiscard]] bool take_turn();
  void give_turn_back() noexcept;

  std::string path_;
  std::shared_ptr<const void> keeps_;
  std::shared_ptr<SqliteFiles> files_;  ///< null: the files' place is not checked
  std::shared_ptr<WriteTurns> turns_;
  WriterRole role_;
  std::chrono::milliseconds busy_timeout_;
  std::chrono::steady_clock::time_point busy_since_{};
  bool has_turn_ = false;
  std::chrono::milliseconds statement_max_;
  std::chrono::steady_clock::time_point deadline_{};
  std::function<void(int frames)> tell_of_commit_;
  // Declared after the database handle, because statements must be finalized before it is closed.
  std::unique_ptr<sqlite3, CloseDatabase> db_;
  std::unordered_map<const Statement*, Prepared> prepared_;
  int changes_before_ = 0;      ///< of this connection, when the transaction began
  bool waits_for_disk_ = true;  ///< true if a commit waits for the disk, which is SQLite's default
};

}  // namespace couponhook::storage
