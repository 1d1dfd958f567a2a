#pragma once

/// \file
/// The SQLite driver.

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

/// The write-ahead log after a checkpoint.
struct LogState {
  int frames = 0;
  int copied = 0;  ///< of these, into the database
};

/// A connection to an SQLite file.
class SqliteConnection final : public Connection {
 public:
  struct Options {
    bool read_only = false;  ///< opens the file for reading; creates nothing
    /// How long to wait for another process's lock, and for a turn.
    std::chrono::milliseconds busy_timeout{1000};
    /// How long one statement may take; zero: as long as it needs.
    std::chrono::milliseconds statement_max{0};
    /// The line that this connection's transactions stand in; null: none.
    std::shared_ptr<WriteTurns> turns = nullptr;
    WriterRole role = WriterRole::kOperators;  ///< in that line
    /// Kept for as long as the connection lives: the store's lock.
    std::shared_ptr<const void> keeps = nullptr;
  };
  /// Opens a file that exists. Changes nothing in it.
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

  /// Sets what makes a commit survive a power cut, and looks whether it is in force.
  [[nodiscard]] Result<void> make_durable();
  /// Copies what it can of the log into the database. Waits for no other connection.
  [[nodiscard]] Result<LogState> checkpoint();
  /// Leaves checkpoints to somebody else, who is told after each commit, while this connection has
  /// its turn, how many frames the log has.
  void tell_of_commits(std::function<void(int frames)> told);
  /// Refuses every change from here on.
  [[nodiscard]] Result<void> make_read_only();
  /// From now on nothing is told as committed or read that is not in these files.
  void watch(std::shared_ptr<SqliteFiles> files) { files_ = std::move(files); }
  /// Tells a store of ours from any other database. One that is empty becomes ours if `may_claim`.
  [[nodiscard]] Result<void> check_identity(bool may_claim);
  /// As check_integrity, but skips what costs most and ends, content, when the time is up.
  [[nodiscard]] Result<void> check_quickly(std::chrono::milliseconds time_max);

  /// Makes `copy`, an empty file, the same as this database is now. What is committed meanwhile
  /// neither gets in nor is kept waiting.
  /// \param after_step called after every few megabytes; its failure ends the copying.
  [[nodiscard]] Result<void> copy_to(
      SqliteConnection& copy,
      const std::function<Result<void>(std::uint64_t pages, std::uint64_t of)>& after_step);
  /// Ends the write-ahead log: the file alone holds everything. Fails where others have it open.
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
    bool gives_sequence = false;  ///< was prepared without its RETURNING seq
  };

  SqliteConnection(sqlite3* db, const std::filesystem::path& path, const Options& options);

  [[nodiscard]] Failure failure(int rc) const;
  [[nodiscard]] Result<const Prepared*> prepare(const Statement& statement);
  [[nodiscard]] Result<void> execute(const Command& command, Rows& rows);
  [[nodiscard]] Result<void> check_writable();
  /// After a transaction: whether it went to where a restart will look for it.
  [[nodiscard]] Result<void> confirm_place();
  void checkpoint_if_lost() noexcept;
  /// The one value, as text, of a statement that gives one.
  [[nodiscard]] Result<std::string> ask(const char* statement);
  [[nodiscard]] Result<void> expect(const char* pragma, std::string_view value);
  [[nodiscard]] Failure damage(std::string findings) const;
  void limit_time(std::chrono::milliseconds time_max);

  /// What SQLite calls while another process writes. \return whether to try again.
  static int wait_for_lock(void* connection, int times);

  [[nodiscard]] bool take_turn();
  void give_turn_back() noexcept;

  std::string path_;
  std::shared_ptr<const void> keeps_;
  std::shared_ptr<SqliteFiles> files_;  ///< null: nobody looks where they are
  std::shared_ptr<WriteTurns> turns_;
  WriterRole role_;
  std::chrono::milliseconds busy_timeout_;
  std::chrono::steady_clock::time_point busy_since_{};
  bool has_turn_ = false;
  std::chrono::milliseconds statement_max_;
  std::chrono::steady_clock::time_point deadline_{};
  std::function<void(int frames)> tell_of_commit_;
  // Statements must be finalized before the database is closed, so they are declared after it.
  std::unique_ptr<sqlite3, CloseDatabase> db_;
  std::unordered_map<const Statement*, Prepared> prepared_;
  int changes_before_ = 0;      ///< this connection's, when the transaction began
  bool waits_for_disk_ = true;  ///< at a commit; SQLite's own default
};

}  // namespace couponhook::storage
