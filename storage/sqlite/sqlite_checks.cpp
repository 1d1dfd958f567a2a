// Checks of an SQLite file when a store is opened: the file is a couponhook store, it is undamaged,
// and commits to it are durable.

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include <sqlite3.h>

#include "storage/sqlite/sqlite_connection.hpp"

namespace couponhook::storage {
namespace {

/// Number that marks an SQLite database as couponhook's: the bytes "COUP". It is stored in the
/// header field (application_id) that SQLite has for this purpose.
constexpr std::string_view kApplicationId = "1129272656";
static_assert(0x434F5550 == 1129272656);

/// SQLite settings of every writing connection. journal_size_limit is the size to which the
/// write-ahead log (WAL) is cut back after a slow reader has let it grow.
constexpr const char* kSettings =
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA foreign_keys = OFF;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -8192;"
    // SQLite runs a checkpoint when the write-ahead log has this many pages, which is four times
    // SQLite's default. A checkpoint writes each page once, however often the page is in the log,
    // so this halves the amount of copied data, and a checkpoint still takes only some
    // milliseconds.
    "PRAGMA wal_autocheckpoint = 4000";

/// Interrupts an SQLite statement at its deadline, from a thread of its own. The progress callback
/// of SQLite is not enough: the check of a whole file is one operation of SQLite's virtual machine,
/// and SQLite before 3.41 (as in Debian 12) looks at the deadline only between operations.
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
    // The interrupt is repeated, because SQLite ignores an interrupt that comes before the
    // statement has begun.
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
  return Failure{FailureCode::kUnsafe, "store " + path_ + " could lose committed data: " + pragma +
                                           " is " + *found + " rather than " + std::string(value) +
                                           ": move it to another file system"};
}

Connection::Result<void> SqliteConnection::make_durable() {
  // The result of this PRAGMA is the journal mode that is in force, which may differ from the
  // requested mode.
  if (auto wal = expect("PRAGMA journal_mode = WAL", "wal"); !wal) return wal;
  if (auto set = run_script("PRAGMA synchronous = FULL"); !set) return set;
  if (auto full = expect("PRAGMA synchronous", "2"); !full) return full;
  if (auto set = run_script(kSettings); !set) return set;
  return check_writable();
}

/// Takes and releases the write lock, to test whether the store can be written. If SQLite cannot
/// write to the write-ahead log or to the log's index, it opens them only for reading, and reports
/// that only when the write lock is taken.
Connection::Result<void> SqliteConnection::check_writable() {
  const auto begun = run_script("BEGIN IMMEDIATE");
  if (begun) return run_script("ROLLBACK");
  // If the database is busy, that is no failure here: SQLite reports a read-only file before it
  // waits for the lock.
  if (begun.error().code == FailureCode::kBusy) return {};
  return begun;
}

Connection::Result<void> SqliteConnection::make_read_only() {
  // Also refuse a reading connection if it could open the write-ahead log's index only for reading:
  // all connections of a process share the index, so no writer of this process could write.
  if (sqlite3_db_readonly(db_.get(), "main") == 0) {
    if (auto writable = check_writable(); !writable) return writable;
  }
  // The SELECT makes SQLite open the database and its log, so that class SqliteFiles can record the
  // identity of these files.
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
                   "cannot read the size of store " + path_ + ": " + ec.message()};
  }
  // The file of the write-ahead log exists only from the first write until the last connection is
  // closed, so it may be missing.
  const auto log = std::filesystem::file_size(path_ + "-wal", ec);
  return static_cast<std::int64_t>(ec ? content : content + log);
}

Failure SqliteConnection::damage(std::string findings) const {
  std::replace(findings.begin(), findings.end(), '\n', ' ');
  return {FailureCode::kCorrupt,
          "damage in store " + path_ + ": " + findings + ": restore an intact backup"};
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
  // When the time is over, SQLite reports the unchecked part of the file as damage. This report is
  // ignored.
  if (*found == "ok" || time_is_up) return {};
  return damage(*found);
}

}  // namespace couponhook::storage
