#include "storage/postgres/postgres_connection.hpp"

#include <array>
#include <random>
#include <utility>

#include <libpq-fe.h>

#include "storage/dialect.hpp"
#include "storage/postgres/postgres_values.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kReconnectFirst{50};
constexpr milliseconds kReconnectLongest{1000};
constexpr milliseconds kRollbackMax{1000};
/// Longest time of a schema migration: building an index on a large table may take long.
constexpr std::chrono::hours kScriptMax{1};
/// Extra time that the client waits after the time limit of an SQL statement, so that the server's
/// own timeout error can still arrive.
constexpr milliseconds kServerErrorGrace{500};

// BEGIN sets the isolation level because the default of the database may differ: at a higher level,
// two transactions that store copies of one notification would make each other fail.
constexpr const char* kBeginCommand = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Sets the time limits of the session. Sets only the settings that the server knows, because some
/// databases with PostgreSQL's protocol do not know all of them.
const Statement kApplySettings{
    "SELECT set_config(s.name, w.value, false) FROM pg_settings s JOIN (VALUES"
    " ('statement_timeout', $1), ('lock_timeout', $2),"
    " ('idle_in_transaction_session_timeout', $3), ('default_transaction_read_only', $4),"
    " ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'))"
    " AS w (name, value) ON s.name = w.name"};

/// Claims a counter slot (rows of the table of totals) for this connection with an advisory lock.
/// The lock ends with the session, however the session ends. The number 1129272656 ("COUP")
/// separates the lock from those of other programs.
const Statement kClaimCounterSlot{
    "SELECT slot FROM generate_series(1, 64) AS slot"
    " WHERE pg_try_advisory_lock(1129272656, slot) LIMIT 1"};
constexpr std::int64_t kCounterSlots = 64;

std::uint32_t seed() {
  return std::random_device{}();
}

/// Returns true if the error says that a prepared statement is unusable, because a connection
/// pooler has lost the statement or a migration has changed its columns.
bool is_of_stale_statement(const char* sqlstate) {
  const std::string_view code = sqlstate == nullptr ? "" : sqlstate;
  return code == "26000" || code == "0A000";
}

std::string text_for_server(std::string_view statement) {
  std::string text(statement);
  replace_all(text, kSkipLockedHint, kSkipLocked);
  replace_all(text, kForUpdateHint, kForUpdate);
  return text;
}

}  // namespace

PostgresConnection::PostgresConnection(Options options)
    : options_(std::move(options)), backoff_(kReconnectFirst, kReconnectLongest, seed()) {}

PostgresConnection::~PostgresConnection() {
  rollback();
}

void PostgresConnection::drop_session() {
  session_.reset();
  prepared_.clear();
}

Connection::Result<void> PostgresConnection::connect() {
  drop_session();
  in_transaction_ = begin_pending_ = false;
  auto established = establish();
  if (established) {
    backoff_.succeeded();
    last_failure_.reset();
  } else {
    drop_session();
    in_transaction_ = begin_pending_ = false;
    backoff_.failed(Clock::now());
    last_failure_ = established.error();
  }
  return established;
}

Connection::Result<void> PostgresConnection::establish() {
  auto session = PostgresSession::connect(options_.url, options_.name);
  if (!session) return session.error();
  session_ = std::move(*session);
  adopting_ = true;
  auto set = set_up();
  adopting_ = false;
  return set;
}

Connection::Result<void> PostgresConnection::set_up() {
  const auto limit = [](milliseconds time) { return std::to_string(time.count()); };
  const std::string statement_max = limit(options_.times.statement_max);
  const std::string lock_max = limit(options_.times.lock_max);
  // Limits how long the session may be idle inside a transaction: a process that hangs while it has
  // rows locked must not block the other replicas for long.
  const std::string idle_max = limit(options_.times.statement_max * 2);
  const std::string_view read_only = options_.read_only ? "on" : "off";
  auto set =
      ask(Command(kApplySettings, {std::string_view(statement_max), std::string_view(lock_max),
                                   std::string_view(idle_max), read_only}));
  if (!set) return set.error();
  if (options_.adopt) {
    if (auto adopted = options_.adopt(*this); !adopted) return adopted;
  }
  if (options_.read_only) return {};
  return claim_counter_slot();
}

/// Claims a counter slot (rows of the table of totals) for this connection, so that connections do
/// not wait for each other when they count. If all slots are taken, or the database has no advisory
/// locks, a random slot is used: the totals are right with any slot.
Connection::Result<void> PostgresConnection::claim_counter_slot() {
  const auto claimed = ask(Command(kClaimCounterSlot, {}));
  if (!claimed && claimed.error().code != FailureCode::kStatement) return claimed.error();
  if (claimed && !claimed->empty()) {
    counter_slot_ = only_integer(*claimed);
  } else {
    counter_slot_ = 1 + static_cast<std::int64_t>(seed() % kCounterSlots);
  }
  return {};
}

/// Makes sure that the connection has a session for the next statements: if there is no session and
/// the backoff has passed, connects to the server. Fails if the session of an open transaction was
/// lost.
Connection::Result<void> PostgresConnection::usable() {
  if (adopting_) {
    if (session_ != nullptr) return {};
    return Failure{FailureCode::kUnavailable, "the connection to store " + options_.name +
                                                  " was lost while it was being made"};
  }
  if (in_transaction_ && !begin_pending_) {
    if (session_ != nullptr) return {};
    return Failure{FailureCode::kConflict, "the transaction on store " + options_.name +
                                               " ended with its connection: run it again"};
  }
  if (session_ != nullptr && session_->is_alive()) return {};
  if (!backoff_.is_due(Clock::now())) return *last_failure_;
  const bool begins = begin_pending_;
  auto connected = connect();
  if (connected) in_transaction_ = begin_pending_ = begins;
  return connected;
}

Connection::Result<void> PostgresConnection::begin() {
  // Roll back first, so that a new transaction starts clean even if an earlier transaction failed.
  rollback();
  if (auto ready = usable(); !ready) return ready;
  in_transaction_ = begin_pending_ = true;
  this_commit_waits_ = true;
  return {};
}

void PostgresConnection::rollback() noexcept {
  const bool begun = std::exchange(in_transaction_, false) && !std::exchange(begin_pending_, false);
  if (!begun || session_ == nullptr) return;
  try {
    if (!session_->is_in_transaction()) return;
    session_->queue("ROLLBACK");
    session_->queue_sync();
    if (!session_->receive_sync(Clock::now() + kRollbackMax)) drop_session();
  } catch (...) {
    drop_session();  // closing the session rolls the transaction back too
  }
}

Connection::Result<void> PostgresConnection::run(std::span<const Command> commands,
                                                 std::vector<Rows>& results) {
  results.resize(commands.size());
  if (commands.empty()) return {};
  return exchange(commands, results, false);
}

Connection::Result<void> PostgresConnection::commit() {
  std::vector<Rows> none;
  return exchange({}, none, true);
}

Connection::Result<void> PostgresConnection::run_and_commit(std::span<const Command> commands,
                                                            std::vector<Rows>& results) {
  results.resize(commands.size());
  return exchange(commands, results, true);
}

Connection::Result<void> PostgresConnection::exchange(std::span<const Command> commands,
                                                      std::vector<Rows>& results, bool and_commit) {
  if (and_commit && !in_transaction_) {
    return Failure{FailureCode::kConflict, "the transaction on store " + options_.name +
                                               " had ended before its commit: run it again"};
  }
  if (auto ready = usable(); !ready) return ready;
  queue_all(commands, results, and_commit);
  const auto& times = options_.times;
  const milliseconds timeout =
      and_commit ? times.commit_max : times.statement_max * 2 + kServerErrorGrace;
  auto received = receive_all(Clock::now() + timeout);
  if (and_commit && received) in_transaction_ = false;
  return received;
}

void PostgresConnection::queue_all(std::span<const Command> commands, std::vector<Rows>& results,
                                   bool and_commit) {
  steps_.clear();
  statements_are_stale_ = false;
  if (std::exchange(begin_pending_, false)) {
    session_->queue(kBeginCommand);
    steps_.push_back({});
  }
  std::size_t i = 0;
  for (const Command& command : commands) {
    queue_prepared(command);
    steps_.push_back({.rows = &results[i++]});
  }
  if (and_commit) {
    // Turns off the statement timeout for the COMMIT: if the server cancels a COMMIT while it waits
    // for a standby, the COMMIT looks as if it were confirmed.
    session_->queue("SET LOCAL statement_timeout = 0");
    steps_.push_back({});
    if (!std::exchange(this_commit_waits_, true) || !commits_wait_) {
      session_->queue("SET LOCAL synchronous_commit = off");
      steps_.push_back({});
    }
    static_cast<void>(session_->take_warning());
    session_->queue("COMMIT");
    steps_.push_back({.commits = true});
  }
  session_->queue_sync();
}

void PostgresConnection::queue_prepared(const Command& command) {
  const auto [kept, is_new] = prepared_.try_emplace(&command.statement());
  Prepared& prepared = kept->second;
  if (is_new) prepared.name = "s" + std::to_string(prepared_.size());
  if (!prepared.ready) {
    // Use the name of the prepared statement again if an earlier pipeline failed before the
    // statement was prepared.
    prepared.ready = true;
    session_->queue_prepare(prepared.name, text_for_server(command.statement().text),
                            command.parameters());
    steps_.push_back({.prepares = &prepared});
  }
  session_->queue_execute(prepared.name, command.parameters());
}

Connection::Result<void> PostgresConnection::receive_all(PostgresSession::Deadline deadline) {
  const bool commits = !steps_.empty() && steps_.back().commits;
  std::optional<Failure> failed;
  for (const Step& step : steps_) {
    auto answer = session_->receive(deadline);
    if (!answer) return lose_session(answer.error(), commits);
    if (failed) {
      if (step.prepares != nullptr) step.prepares->ready = false;
      continue;
    }
    if (auto taken = read(answer->get(), step); !taken) failed = taken.error();
  }
  if (auto synced = session_->receive_sync(deadline); !synced) {
    return lose_session(synced.error(), commits);
  }
  if (!failed) return {};
  if (statements_are_stale_) drop_session();
  return std::move(*failed);
}

Connection::Result<void> PostgresConnection::read(const pg_result* answer, const Step& step) {
  const ExecStatusType status = PQresultStatus(answer);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    if (step.prepares != nullptr) step.prepares->ready = false;
    statements_are_stale_ = is_of_stale_statement(PQresultErrorField(answer, PG_DIAG_SQLSTATE));
    return session_->failure_of(answer);
  }
  if (step.commits) {
    // Checks the command tag: if an earlier statement of the transaction failed, COMMIT ends the
    // transaction with ROLLBACK and reports no error.
    const std::string_view tag = PQcmdStatus(const_cast<pg_result*>(answer));
    const std::string warning = session_->take_warning();
    if (tag == "COMMIT" && warning.empty()) return {};
    return Failure{FailureCode::kUnavailable,
                   "store " + options_.name + " did not confirm a commit: it answered " +
                       std::string(tag) + " " + warning + ": look at the server's log"};
  }
  if (step.rows == nullptr) return {};
  return read_rows(answer, *step.rows);
}

Failure PostgresConnection::lose_session(Failure failure, bool may_be_committed) {
  const bool timed_out = session_->timed_out();
  drop_session();
  if (in_transaction_ && !may_be_committed && !timed_out) failure.code = FailureCode::kConflict;
  return failure;
}

Connection::Result<void> PostgresConnection::run_script(std::string_view script) {
  if (auto ready = usable(); !ready) return ready;
  std::string text(script);
  if (std::exchange(begin_pending_, false)) text = std::string(kBeginCommand) + ";" + text;
  auto ran = session_->run_script(text, Clock::now() + kScriptMax);
  if (!ran && (session_->timed_out() || !session_->is_alive())) drop_session();
  return ran;
}

Connection::Result<void> PostgresConnection::commit_without_waiting() {
  // The setting is only stored here and sent with each commit, because the connection may have a
  // new session by then.
  commits_wait_ = false;
  return {};
}

Connection::Result<Rows> PostgresConnection::ask(const Command& command) {
  std::vector<Rows> results;
  if (auto ran = run({&command, 1}, results); !ran) return ran.error();
  return std::move(results[0]);
}

}  // namespace couponhook::storage
