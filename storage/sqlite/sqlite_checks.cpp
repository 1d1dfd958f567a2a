// What an SQLite file is asked before it is trusted: whose it is, whether it is whole, and whether
// commits to it last.

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include <sqlite3.h>

#include "storage/sqlite/sqlite_connection.hpp"

namespace couponhook::storage {
namespace {

/// "COUP": marks a database as ours, in the field of the header that SQLite keeps for this.
constexpr std::string_view kApplicationId = "1129272656";
static_assert(0x434F5550 == 1129272656);

/// What a write-ahead log is cut back to after a slow reader has let it grow.
constexpr const char* kSettings =
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA foreign_keys = OFF;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -8192;"
    // A checkpoint writes each page once, however often the log holds it: four times the usual
    // interval halves what it copies, and stays some milliseconds of work.
    "PRAGMA wal_autocheckpoint = 4000";

/// Ends what a connection is doing once its time is up, from a thread of its own: the check of a
/// whole file is a single operation of SQLite's machine, which looks at the clock between
/// operations (in SQLite before 3.41, which Debian 12 has).
class EndAt {
 public:
  EndAt(sqlite3* db, std::chrono::steady_clock::time_point deadline)
      : thread_([this, db, deadline] { work(db, deadline); }) {}
  EndAt(const EndAt&) = delete;
  EndAt& operator=(const EndAt&) = delete;
  ~EndAt() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_one();
    thread_.join();
  }

 private:
  void work(sqlite3* db, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    const auto is_over = [this] { return is_over_; };
    // Again and again, since SQLite forgets one that comes before a statement has begun.
    for (auto next = deadline; !over_.wait_until(lock, next, is_over); next += kAgain) {
      sqlite3_interrupt(db);
    }
  }

  static constexpr std::chrono::milliseconds kAgain{5};
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace

Connection::Result<std::string> SqliteConnection::ask(const char* statement) {
  sqlite3_stmt* made = nullptr;
  int rc = sqlite3_prepare_v2(db_.get(), statement, -1, &made, nullptr);
  const StatementHandle asked(made);
  if (rc != SQLITE_OK) return failure(rc);
  rc = sqlite3_step(asked.get());
  if (rc == SQLITE_DONE) return std::string();
  if (rc != SQLITE_ROW) return failure(rc);
  const unsigned char* text = sqlite3_column_text(asked.get(), 0);
  return std::string(text == nullptr ? "" : reinterpret_cast<const char*>(text));
}

Connection::Result<void> SqliteConnection::expect(const char* pragma, std::string_view value) {
  const auto found = ask(pragma);
  if (!found) return found.error();
  if (*found == value) return {};
  return Failure{FailureCode::kUnsafe,
                 "store " + path_ + " would not keep what it commits: " + pragma + " is " + *found +
                     " rather than " + std::string(value) + ": move it to another file system"};
}

Connection::Result<void> SqliteConnection::make_durable() {
  // Setting the mode answers with the mode that is in force then, which may be another.
  if (auto wal = expect("PRAGMA journal_mode = WAL", "wal"); !wal) return wal;
  if (auto set = run_script("PRAGMA synchronous = FULL"); !set) return set;
  if (auto full = expect("PRAGMA synchronous", "2"); !full) return full;
  if (auto set = run_script(kSettings); !set) return set;
  return check_writable();
}

/// SQLite falls back to reading for the log and its index too, and only a writer's lock tells.
Connection::Result<void> SqliteConnection::check_writable() {
  const auto begun = run_script("BEGIN IMMEDIATE");
  if (begun) return run_script("ROLLBACK");
  // A busy database is no failure: SQLite reports a read-only file before it waits for the lock.
  if (begun.error().code == FailureCode::kBusy) return {};
  return begun;
}

Connection::Result<void> SqliteConnection::make_read_only() {
  // The log's index is shared by all connections of a process: one that a reader could open for
  // reading only would keep every writer from writing.
  if (sqlite3_db_readonly(db_.get(), "main") == 0) {
    if (auto writable = check_writable(); !writable) return writable;
  }
  // Reads something, so that its files are open: which they are can be told then.
  return run_script(
      "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; SELECT count(*) FROM sqlite_master");
}

Connection::Result<void> SqliteConnection::check_identity(bool may_claim) {
  const auto id = ask("PRAGMA application_id");
  if (!id) return id.error();
  if (*id == kApplicationId) return {};
  const auto tables = ask("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (may_claim && *id == "0" && *tables == "0") {
    return run_script("PRAGMA application_id = " + std::string(kApplicationId));
  }
  return Failure{FailureCode::kCorrupt,
                 path_ + " is a database, but is not a couponhook store: check [store] url"};
}

Connection::Result<std::int64_t> SqliteConnection::size_bytes() {
  std::error_code ec;
  const auto content = std::filesystem::file_size(path_, ec);
  if (ec) {
    return Failure{FailureCode::kUnavailable,
                   "cannot tell the size of store " + path_ + ": " + ec.message()};
  }
  // There is no log before the first write, nor after the last connection.
  const auto log = std::filesystem::file_size(path_ + "-wal", ec);
  return static_cast<std::int64_t>(ec ? content : content + log);
}

Failure SqliteConnection::damage(std::string findings) const {
  std::replace(findings.begin(), findings.end(), '\n', ' ');
  return {FailureCode::kCorrupt,
          "damage in store " + path_ + ": " + findings + ": restore a sound backup"};
}

Connection::Result<void> SqliteConnection::check_integrity() {
  limit_time({});
  auto found = ask("PRAGMA integrity_check(1)");
  limit_time(statement_max_);
  if (!found) return found.error();
  if (*found != "ok") return damage(std::move(*found));
  return {};
}

Connection::Result<void> SqliteConnection::check_quickly(std::chrono::milliseconds time_max) {
  limit_time(time_max);
  const auto found = [this] {
    const EndAt end_at(db_.get(), deadline_);
    return ask("PRAGMA quick_check(1)");
  }();
  const bool time_is_up = std::chrono::steady_clock::now() >= deadline_;
  limit_time(statement_max_);
  if (!found) {
    if (time_is_up && found.error().code == FailureCode::kUnavailable) return {};
    return found.error();
  }
  // Where time was up, what was not looked at looks like damage.
  if (*found == "ok" || time_is_up) return {};
  return damage(*found);
}

}  // namespace couponhook::storage
