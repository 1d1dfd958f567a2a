#include "storage/sqlite/sqlite_connection.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <sqlite3.h>

#include "storage/sqlite/sqlite_failure.hpp"

namespace couponhook::storage {
namespace {

using Clock = std::chrono::steady_clock;

// BEGIN IMMEDIATE takes the write lock at once. A transaction that starts as a reader can fail in
// the middle, when it begins to write.
constexpr Statement kBegin{"BEGIN IMMEDIATE"};
constexpr Statement kCommit{"COMMIT"};

/// Number of operations of SQLite's virtual machine between two checks of the statement's deadline.
/// So many operations take some tens of microseconds.
constexpr int kOperationsBetweenLooks = 2000;

/// Pause between two tries to take SQLite's write lock while another process writes. A transaction
/// of a purge takes about 1 ms; SQLite's own busy handler would sleep for 1, 2, 5 and 10 ms.
constexpr std::chrono::microseconds kLookAgain{200};
constexpr std::chrono::microseconds kLookAgainLatest{5000};

/// Removes "RETURNING seq" from the text of an INSERT statement. SQLite collects RETURNING rows in
/// a temporary table, which costs more than the INSERT itself. SQLite reports the number of the
/// inserted row in any case.
/// \return the shorter statement.
std::string_view without_sequence(std::string_view text) {
  constexpr std::string_view kReturning = " RETURNING seq";
  if (text.starts_with("INSERT ") && text.ends_with(kReturning)) {
    text.remove_suffix(kReturning.size());
  }
  return text;
}

/// Turns off SQLite's memory statistics, because nobody reads them, and they take a lock for each
/// allocation.
void configure_library_once() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(configured);
}

/// Resets an SQLite statement at the end of the scope, so that it can be executed again and
/// releases its locks.
class ResetLater {
 public:
  explicit ResetLater(sqlite3_stmt* statement) : statement_(statement) {}
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;
  ~ResetLater() { sqlite3_reset(statement_); }

 private:
  sqlite3_stmt* statement_;
};

/// \return the data of the text; a pointer to "" if the text has no data, because SQLite takes a
/// null pointer for NULL, even if the length is zero.
const char* not_null(std::string_view view) {
  return view.data() == nullptr ? "" : view.data();
}

/// Binds values to the parameters of an SQLite statement without a copy: the values must live until
/// the statement has run.
struct Bind {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
  int operator()(std::string_view text) const {
    return sqlite3_bind_text64(statement, index, not_null(text), text.size(), nullptr, SQLITE_UTF8);
  }
  int operator()(Bytes bytes) const {
    return sqlite3_bind_blob64(statement, index, not_null(bytes.view), bytes.view.size(), nullptr);
  }
};

int bind(sqlite3_stmt* statement, std::span<const Parameter> parameters) {
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(parameters.size())) {
    return SQLITE_RANGE;
  }
  int index = 1;
  for (const Parameter& parameter : parameters) {
    if (const int rc = std::visit(Bind{statement, index++}, parameter); rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

void assign(Field& field, const void* data, int length) {
  const auto* text = static_cast<const char*>(data);
  if (field.index() != 2) field.emplace<std::string>();
  std::get<std::string>(field).assign(text == nullptr ? "" : text,
                                      static_cast<std::size_t>(length));
}

void read_column(sqlite3_stmt* statement, int column, Field& field) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      field = nullptr;
      break;
    case SQLITE_INTEGER:
      field = std::int64_t{sqlite3_column_int64(statement, column)};
      break;
    case SQLITE_BLOB: {
      const void* data = sqlite3_column_blob(statement, column);
      assign(field, data, sqlite3_column_bytes(statement, column));
      break;
    }
    default: {
      const void* data = sqlite3_column_text(statement, column);
      assign(field, data, sqlite3_column_bytes(statement, column));
    }
  }
}

int stop_at_deadline(void* deadline) {
  return Clock::now() >= *static_cast<const Clock::time_point*>(deadline) ? 1 : 0;
}

}  // namespace

void SqliteConnection::CloseDatabase::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteConnection::SqliteConnection(sqlite3* db, const std::filesystem::path& path,
                                   const Options& options)
    : path_(path.string()),
      keeps_(options.keeps),
      turns_(options.turns),
      role_(options.role),
      busy_timeout_(options.busy_timeout),
      statement_max_(options.statement_max),
      db_(db) {}

SqliteConnection::~SqliteConnection() {
  rollback();
  if (files_ == nullptr) return;
  // Another database file may have replaced the open file since the last check, so check the files
  // again before closing.
  try {
    if (!files_->check()) checkpoint_if_lost();
  } catch (...) {  // without memory, the result of the last check of the database files counts
  }
  // When the last connection to a database closes, SQLite copies the write-ahead log into the
  // database and deletes the log by its name. That name may now belong to another store, so this is
  // turned off.
  if (files_->is_database_lost()) {
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

int SqliteConnection::wait_for_lock(void* connection, int times) {
  auto& waiting = *static_cast<SqliteConnection*>(connection);
  const auto now = Clock::now();
  if (times == 0) waiting.busy_since_ = now;
  if (now - waiting.busy_since_ >= waiting.busy_timeout_) return 0;
  std::this_thread::sleep_for(std::min(kLookAgain * (1 + times / 16), kLookAgainLatest));
  return 1;
}

bool SqliteConnection::take_turn() {
  has_turn_ = turns_ != nullptr && turns_->take(role_, busy_timeout_);
  return has_turn_ || turns_ == nullptr;
}

void SqliteConnection::give_turn_back() noexcept {
  if (std::exchange(has_turn_, false)) turns_->give_back();
}

Connection::Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(
    const std::filesystem::path& path, const Options& options) {
  configure_library_once();
  const int mode = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* db = nullptr;
  // The database is opened with SQLite's own file access: no code of couponhook may stand between
  // the database and the disk.
  const int rc = sqlite3_open_v2(path.c_str(), &db,
                                 mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db, path, options));
  if (rc != SQLITE_OK) return connection->failure(rc);
  // If SQLite cannot open a file for writing, for whatever reason, it opens the file only for
  // reading. The store treats that as an error.
  if (!options.read_only && sqlite3_db_readonly(db, "main") != 0) return only_for_reading(path);
  sqlite3_busy_handler(db, wait_for_lock, connection.get());
  connection->limit_time(options.statement_max);
  return connection;
}

Connection::Result<void> SqliteConnection::begin() {
  // Roll back first, so that a new transaction starts clean even if an earlier transaction failed.
  rollback();
  if (files_ != nullptr) {
    if (auto there = files_->check_if_lost(); !there) {
      checkpoint_if_lost();
      return there;
    }
  }
  if (!take_turn()) {
    return Failure{FailureCode::kBusy,
                   "store " + path_ + ": other writers kept it for " +
                       std::to_string(busy_timeout_.count()) +
                       " ms; is its disk slow, or does a large purge or retry run?"};
  }
  Rows rows;
  auto begun = execute(Command(kBegin, {}), rows);
  if (!begun) give_turn_back();
  changes_before_ = sqlite3_total_changes(db_.get());
  return begun;
}

Connection::Result<void> SqliteConnection::commit() {
  Rows rows;
  auto committed = execute(Command(kCommit, {}), rows);
  if (committed) {
    committed = confirm_place();
  } else {
    rollback();
  }
  give_turn_back();
  return committed;
}

void SqliteConnection::rollback() noexcept {
  if (db_ != nullptr && sqlite3_get_autocommit(db_.get()) == 0) {
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  give_turn_back();
}

Connection::Result<void> SqliteConnection::run(std::span<const Command> commands,
                                               std::vector<Rows>& results) {
  results.resize(commands.size());
  // True if the commands run outside begin() and commit().
  const bool alone = sqlite3_get_autocommit(db_.get()) != 0;
  if (alone && files_ != nullptr) {
    if (auto there = files_->check_if_lost(); !there) return there;
    changes_before_ = sqlite3_total_changes(db_.get());
  }
  std::size_t i = 0;
  for (const Command& command : commands) {
    if (auto executed = execute(command, results[i++]); !executed) return executed;
  }
  return alone ? confirm_place() : Result<void>();
}

Connection::Result<void> SqliteConnection::run_script(std::string_view script) {
  const std::string terminated(script);
  const int rc = sqlite3_exec(db_.get(), terminated.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return failure(rc);
  return {};
}

Connection::Result<void> SqliteConnection::commit_without_waiting() {
  if (waits_for_disk_) {
    if (auto set = run_script("PRAGMA synchronous = NORMAL"); !set) return set;
    waits_for_disk_ = false;
  }
  return {};
}

Connection::Result<void> SqliteConnection::confirm_place() {
  if (files_ == nullptr) return {};
  if (files_->check()) return {};
  if (sqlite3_total_changes(db_.get()) != changes_before_) files_->count_lost_write();
  checkpoint_if_lost();
  return files_->check();
}

Connection::Result<void> SqliteConnection::check_place() {
  if (files_ == nullptr) return {};
  auto there = files_->check();
  if (there) return there;
  checkpoint_if_lost();
  return files_->check();
}

/// Copies the write-ahead log into the database if the path no longer leads to the open files.
/// Acknowledged data may be only in the log, which is useless without its database. Both files are
/// still open, so the copy works wherever the files are. The log is emptied too: a log that stays
/// at the old path would damage a database that is put there later.
void SqliteConnection::checkpoint_if_lost() noexcept {
  if (turns_ == nullptr || !files_->wants_checkpoint()) return;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (rc == SQLITE_OK) files_->note_checkpoint();
}

Connection::Result<LogState> SqliteConnection::checkpoint() {
  LogState state;
  const int rc = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                           &state.frames, &state.copied);
  if (rc != SQLITE_OK) return failure(rc);
  return state;
}

void SqliteConnection::set_commit_listener(std::function<void(int frames)> listener) {
  commit_listener_ = std::move(listener);
  // Replaces SQLite's own hook for commits, which would run checkpoints on the committing thread.
  sqlite3_wal_hook(
      db_.get(),
      [](void* connection, sqlite3*, const char*, int frames) {
        static_cast<SqliteConnection*>(connection)->commit_listener_(frames);
        return SQLITE_OK;
      },
      this);
}

Failure SqliteConnection::failure(int rc) const {
  if ((rc & 0xFF) == SQLITE_READONLY) return only_for_reading(path_);
  return sqlite_failure(db_.get(), rc, path_);
}

Connection::Result<const SqliteConnection::Prepared*> SqliteConnection::prepare(
    const Statement& statement) {
  Prepared& kept = prepared_[&statement];
  if (kept.handle == nullptr) {
    const std::string_view text = without_sequence(statement.text);
    sqlite3_stmt* made = nullptr;
    const int rc = sqlite3_prepare_v3(db_.get(), text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (rc != SQLITE_OK) return failure(rc);
    kept.handle.reset(made);
    kept.gives_sequence = text.size() < statement.text.size();
  }
  return &kept;
}

Connection::Result<void> SqliteConnection::execute(const Command& command, Rows& rows) {
  const auto prepared = prepare(command.statement());
  if (!prepared) return prepared.error();
  sqlite3_stmt* statement = (*prepared)->handle.get();
  const ResetLater reset_later(statement);
  if (const int rc = bind(statement, command.parameters()); rc != SQLITE_OK) return failure(rc);
  if (statement_max_.count() > 0) deadline_ = Clock::now() + statement_max_;

  // Overwrite the result rows of the statement's last execution, to reuse their memory.
  std::size_t count = 0;
  const auto next_row = [&](int columns) -> Row& {
    if (rows.size() == count) rows.emplace_back();
    Row& row = rows[count++];
    row.resize(static_cast<std::size_t>(columns));
    return row;
  };
  int rc = sqlite3_step(statement);
  for (; rc == SQLITE_ROW; rc = sqlite3_step(statement)) {
    int column = 0;
    for (Field& field : next_row(sqlite3_column_count(statement))) {
      read_column(statement, column++, field);
    }
  }
  if (rc != SQLITE_DONE) return failure(rc);
  if ((*prepared)->gives_sequence && sqlite3_changes(db_.get()) == 1) {
    next_row(1)[0] = std::int64_t{sqlite3_last_insert_rowid(db_.get())};
  }
  rows.resize(count);
  return {};
}

void SqliteConnection::limit_time(std::chrono::milliseconds time_max) {
  deadline_ = Clock::now() + time_max;
  const bool limited = time_max.count() > 0;
  sqlite3_progress_handler(db_.get(), limited ? kOperationsBetweenLooks : 0,
                           limited ? stop_at_deadline : nullptr, &deadline_);
}

}  // namespace couponhook::storage
