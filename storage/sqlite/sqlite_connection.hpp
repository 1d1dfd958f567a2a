#pragma once

/// \file
/// SQLite driver of the store: a connection to a database file.

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

/// State of SQLite's write-ahead log (WAL) after a checkpoint, counted in frames (one page each).
struct LogState {
  int frames = 0;
  int copied = 0;  ///< number of WAL frames that have been copied into the database file
};

/// A connection to a database in an SQLite file.
class SqliteConnection final : public Connection {
 public:
  struct Options {
    bool read_only = false;  ///< true to open the file only for reading; then nothing is created
    /// Longest time to wait for another process's lock on the database, and for this connection's
    /// turn to write.
    std::chrono::milliseconds busy_timeout{1000};
    /// Longest time of one SQL statement; zero means no limit.
    std::chrono::milliseconds statement_max{0};
    /// Queue in which this connection waits for its turn to write; null if it does not wait in a
    /// queue.
    std::shared_ptr<WriteTurns> turns = nullptr;
    /// Role of this connection, which decides its place in `turns`.
    WriterRole role = WriterRole::kOperators;
    /// Object that must live as long as the connection, because it is the lock file of the store.
    std::shared_ptr<const void> keeps = nullptr;
  };
  /// Opens an existing SQLite file without changing it.
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

  /// Sets the SQLite options that make a commit survive a power cut, and checks that these options
  /// are in force.
  [[nodiscard]] Result<void> make_durable();
  /// Copies as many frames as possible from the write-ahead log into the database file. Does not
  /// wait for other connections.
  /// \return the state of the write-ahead log after this copying.
  [[nodiscard]] Result<LogState> checkpoint();
  /// Makes SQLite stop running checkpoints on this connection. Instead, `listener` is called after
  /// each commit, while the connection still has its turn to write, with the number of frames in
  /// the write-ahead log.
  void set_commit_listener(std::function<void(int frames)> listener);
  /// Makes this connection refuse every change of the database from now on.
  [[nodiscard]] Result<void> make_read_only();
  /// From now on, a commit or a read succeeds only if `files` (the database and its write-ahead
  /// log) are still at their paths.
  void watch(std::shared_ptr<SqliteFiles> files) { files_ = std::move(files); }
  /// Fails if the database is not a couponhook store. If `may_claim` is true, an empty database is
  /// turned into a store.
  [[nodiscard]] Result<void> check_identity(bool may_claim);
  /// Checks the database like check_integrity(), but skips the slowest checks, and stops without an
  /// error when the time `time_max` is over.
  [[nodiscard]] Result<void> check_quickly(std::chrono::milliseconds time_max);

  /// Copies this database as it is now into `copy`, the database of an empty file. Other
  /// connections can commit meanwhile; their commits are not in the copy.
  /// \param after_step function called after every few megabytes; if it fails, the copying ends.
  [[nodiscard]] Result<void> copy_to(
      SqliteConnection& copy,
      const std::function<Result<void>(std::uint64_t pages, std::uint64_t of)>& after_step);
  /// Ends SQLite's WAL mode, so that the database file alone holds all data. Fails if another
  /// connection has the database open.
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
    /// True if the SQL statement was prepared without its RETURNING clause, so that the driver
    /// itself returns the row number.
    bool gives_sequence = false;
  };

  SqliteConnection(sqlite3* db, const std::filesystem::path& path, const Options& options);

  [[nodiscard]] Failure failure(int rc) const;
  [[nodiscard]] Result<const Prepared*> prepare(const Statement& statement);
  [[nodiscard]] Result<void> execute(const Command& command, Rows& rows);
  [[nodiscard]] Result<void> check_writable();
  /// Called after a transaction: checks that the transaction was written to the database files that
  /// the next start will find.
  [[nodiscard]] Result<void> confirm_place();
  void checkpoint_if_lost() noexcept;
  /// Runs an SQL statement without parameters.
  /// \return the first value of its result, as text.
  [[nodiscard]] Result<std::string> ask(const char* statement);
  [[nodiscard]] Result<void> expect(const char* pragma, std::string_view value);
  [[nodiscard]] Failure damage(std::string findings) const;
  void limit_time(std::chrono::milliseconds time_max);

  /// Busy handler that SQLite calls while another process has locked the database; it sleeps for a
  /// moment.
  /// \param times number of earlier calls during this wait.
  /// \return nonzero to make SQLite try again.
  static int wait_for_lock(void* connection, int times);

  [[nodiscard]] bool take_turn();
  void give_turn_back() noexcept;

  std::string path_;
  std::shared_ptr<const void> keeps_;
  /// Database and log files, whose place is checked after each transaction; null if their place is
  /// not checked.
  std::shared_ptr<SqliteFiles> files_;
  std::shared_ptr<WriteTurns> turns_;
  WriterRole role_;
  std::chrono::milliseconds busy_timeout_;
  std::chrono::steady_clock::time_point busy_since_{};
  bool has_turn_ = false;
  std::chrono::milliseconds statement_max_;
  std::chrono::steady_clock::time_point deadline_{};
  std::function<void(int frames)> commit_listener_;
  // The cache of prepared statements is declared after the database handle. So the statements are
  // finalized before the database is closed.
  std::unique_ptr<sqlite3, CloseDatabase> db_;
  std::unordered_map<const Statement*, Prepared> prepared_;
  /// Number of rows that this connection had changed when the transaction began.
  int changes_before_ = 0;
  /// True if a commit of this connection waits for the disk, which is SQLite's default.
  bool waits_for_disk_ = true;
};

}  // namespace couponhook::storage
