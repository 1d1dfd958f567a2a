#include "storage/migrations.hpp"

#include <array>
#include <vector>

#include "storage/rows.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;

// In each table, columns that are read often come first and the largest columns last, so that the
// database can read the beginning of a row without the rest. Each index costs time for every
// notification, so there are few indexes. Received data that is stored unread is of type bytes,
// because PostgreSQL refuses text that is not valid UTF-8.
constexpr std::string_view kFirstSchema = R"sql(
CREATE TABLE notifications (
  seq {key},
  id TEXT NOT NULL,
  mchid TEXT NOT NULL,
  event_type TEXT NOT NULL,
  create_time TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  times_seen BIGINT NOT NULL,
  source TEXT NOT NULL,
  digest {bytes} NOT NULL,
  envelope TEXT NOT NULL,
  resource {bytes} NOT NULL,
  {identity} (id, mchid)
);
{index_key notifications}

CREATE TABLE conflicts (
  notification BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  received_at BIGINT NOT NULL,
  resource {bytes} NOT NULL,
  PRIMARY KEY (notification, digest)
);

CREATE TABLE quarantine (
  seq {key},
  body_digest {bytes} NOT NULL,
  mchid TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  times_seen BIGINT NOT NULL,
  headers TEXT NOT NULL,
  body {bytes} NOT NULL,
  {identity} (body_digest)
);
{index_key quarantine}
CREATE INDEX quarantine_id ON quarantine (id);

CREATE TABLE coupon_history (
  seq {key},
  stock_id TEXT NOT NULL,
  coupon TEXT NOT NULL,
  kind TEXT NOT NULL,
  business_key TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  mchid TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  source TEXT NOT NULL,
  {identity} (stock_id, coupon, kind, business_key)
);
{index_key coupon_history}

CREATE TABLE refunds (
  seq {key},
  transaction_id TEXT NOT NULL,
  business_key TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  mchid TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  source TEXT NOT NULL,
  {identity} (transaction_id, business_key)
);
{index_key refunds}

CREATE TABLE deliveries (
  seq {key},
  notification BIGINT NOT NULL,
  handler TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  attempts_before BIGINT NOT NULL,
  due_at BIGINT,
  lane BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  lease_owner TEXT,
  parked_by BIGINT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  ordering_key TEXT NOT NULL,
  last_error TEXT NOT NULL
);
{index_key deliveries}
CREATE INDEX deliveries_notification ON deliveries (notification);
CREATE INDEX deliveries_due ON deliveries (handler, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_lane ON deliveries (lane, seq) WHERE state IN ('pending', 'retrying');
CREATE UNIQUE INDEX deliveries_running ON deliveries (lane) WHERE lease_owner IS NOT NULL;
CREATE INDEX deliveries_undone ON deliveries (state, seq) WHERE state <> 'done';
CREATE INDEX deliveries_parked ON deliveries (parked_by) WHERE parked_by IS NOT NULL;

CREATE TABLE delivery_attempts (
  delivery BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (delivery, slot)
);

CREATE TABLE pauses (
  seq {key},
  handler TEXT NOT NULL,
  event_pattern TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  resumed_at BIGINT
);
{index_key pauses}

CREATE TABLE counters (
  name TEXT NOT NULL,
  slot BIGINT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (name, slot)
);

CREATE TABLE heartbeat (
  slot BIGINT NOT NULL PRIMARY KEY,
  beat_at BIGINT NOT NULL
);

CREATE TABLE retention_cursors (
  task TEXT NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL
);

CREATE TABLE retention_held (
  notification BIGINT NOT NULL PRIMARY KEY
);

CREATE TABLE ledger_marks (
  marked_at BIGINT NOT NULL PRIMARY KEY,
  coupon_history BIGINT NOT NULL,
  refunds BIGINT NOT NULL
);

CREATE TABLE task_leases (
  task TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  held_until BIGINT NOT NULL
);
)sql";

/// Table of pairs of wall-clock time and steady-clock time, one pair for each start of a machine.
/// Before a purge removes old data, it compares the two clocks to detect that the wall clock has
/// jumped.
constexpr std::string_view kClockMarks = R"sql(
CREATE TABLE clock_marks (
  boot TEXT NOT NULL PRIMARY KEY,
  wall_at BIGINT NOT NULL,
  steady_at BIGINT NOT NULL
);
)sql";

// Adds the column `flaw`, which says what is wrong with a notification's content. Few notifications
// have a flaw, so the partial index on this column costs nothing for the other notifications.
constexpr std::string_view kFlaws = R"sql(
ALTER TABLE notifications ADD COLUMN flaw TEXT;
CREATE INDEX notifications_flaw ON notifications (seq) WHERE flaw IS NOT NULL;
)sql";

// Adds the name of the operator who set a pause, and the total of quarantined bodies. A new store
// gets no row for this total: when another store is copied into it, the copy inserts the row of
// that store.
constexpr std::string_view kOperators = R"sql(
ALTER TABLE pauses ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
INSERT INTO counters (name, slot, value)
  SELECT 'sealed', 0, count(*) FROM quarantine HAVING count(*) > 0;
)sql";

// The column `padding` makes a test row as large as a notification. The column `begun_at` holds the
// time at which the handler was called for a leased delivery; a lease alone may mean that the
// delivery still waits in a queue of the replica.
constexpr std::string_view kPressureSchema = R"sql(
ALTER TABLE heartbeat ADD COLUMN padding {bytes};
ALTER TABLE deliveries ADD COLUMN begun_at BIGINT;
)sql";

// Adds the amounts of refunds, in fen, and the shares of coupons in refunds. The columns are NULL
// in rows of earlier releases, and of flow files, which name no amounts. The table refund_shares
// holds the transaction again, so that the transactions of a coupon are found by one index. Its
// column `refund` is the row number in the table refunds.
constexpr std::string_view kRefundAmounts = R"sql(
ALTER TABLE refunds ADD COLUMN out_refund_no TEXT;
ALTER TABLE refunds ADD COLUMN amount_total BIGINT;
ALTER TABLE refunds ADD COLUMN amount_refund BIGINT;
ALTER TABLE refunds ADD COLUMN amount_payer_total BIGINT;
ALTER TABLE refunds ADD COLUMN amount_payer_refund BIGINT;
CREATE TABLE refund_shares (
  refund BIGINT NOT NULL,
  coupon TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  amount BIGINT NOT NULL,
  refund_amount BIGINT NOT NULL,
  PRIMARY KEY (refund, coupon)
);
CREATE INDEX refund_shares_coupon ON refund_shares (coupon, transaction_id);
)sql";

// Adds the audit log: one row for each action of an operator. The columns `actor` and `origin` are
// the members `by` and `from` of AuditRecord, whose names are keywords of SQL.
constexpr std::string_view kAuditLog = R"sql(
CREATE TABLE audit_log (
  seq {key},
  recorded_at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT NOT NULL
);
{index_key audit_log}
)sql";

// Indexes for the search of a payment or a refund, the digests of openids, and the history of the
// counters for charts.
//
// In notification_openids, `seq` is the number of the notification. In history, `step_s` is the
// length of a step (a minute or an hour) and `at_s` its beginning, in seconds since the Unix epoch.
// The table history_marks holds the totals (counters) up to which the history is written; the marks
// of an existing store are set to its totals, so that its history begins now.
constexpr std::string_view kSearchAndHistory = R"sql(
CREATE INDEX coupon_history_transaction ON coupon_history (transaction_id)
  WHERE transaction_id <> '';
CREATE INDEX refunds_business_key ON refunds (business_key);

CREATE TABLE notification_openids (
  seq {key},
  openid_digest {bytes} NOT NULL,
  {identity} (openid_digest, seq)
);
{index_key notification_openids}

CREATE TABLE history (
  step_s BIGINT NOT NULL,
  at_s BIGINT NOT NULL,
  series TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (step_s, at_s, series)
);

CREATE TABLE history_marks (
  series TEXT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO history_marks (series, value)
  SELECT name, CAST(sum(value) AS BIGINT) FROM counters WHERE name IN
  ('stored', 'duplicates', 'conflicts', 'quarantined', 'deliveries:done') GROUP BY name;
)sql";

constexpr std::array kMigrations{
    Migration{.version = 1, .works_with = 1, .script = kFirstSchema},
    Migration{.version = 2, .works_with = 1, .script = kClockMarks},
    Migration{.version = 3, .works_with = 1, .script = kFlaws},
    Migration{.version = 4, .works_with = 1, .script = kOperators},
    Migration{.version = 5, .works_with = 1, .script = kPressureSchema},
    Migration{.version = 6, .works_with = 1, .script = kRefundAmounts},
    Migration{.version = 7, .works_with = 1, .script = kAuditLog},
    Migration{.version = 8, .works_with = 1, .script = kSearchAndHistory},
};

constexpr std::string_view kMigrationsTable =
    "CREATE TABLE IF NOT EXISTS couponhook_schema"
    " (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL,"
    " works_with BIGINT NOT NULL)";

Result take_step(Connection& connection, const Migration& step, const Dialect& dialect,
                 std::int64_t now_ms) {
  if (auto begun = connection.begin(); !begun) return begun;
  auto taken = connection.run_script(in_dialect(step.script, dialect));
  if (taken) {
    std::vector<Rows> rows;
    const std::array record{
        Command(sql::kRecordMigration, {step.version, now_ms, step.works_with})};
    taken = connection.run(record, rows);
  }
  if (taken) taken = connection.commit();
  if (!taken) connection.rollback();
  return taken;
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

std::vector<std::string> table_names() {
  constexpr std::string_view kCreate = "CREATE TABLE ";
  std::vector<std::string> names{std::string(kSchemaTable)};
  for (const Migration& step : migrations()) {
    const std::string_view script = step.script;
    for (auto at = script.find(kCreate); at != script.npos; at = script.find(kCreate, at)) {
      at += kCreate.size();
      names.emplace_back(script.substr(at, script.find(' ', at) - at));
    }
  }
  return names;
}

std::int64_t current_schema_version() {
  return kMigrations.back().version;
}

Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                      std::string_view store_name) {
  std::vector<Rows> rows;
  const std::array ask{Command(sql::kSchemaVersion, {})};
  if (auto asked = connection.run(ask, rows); !asked) {
    // A database without the table of schema versions refuses the statement: it has no schema yet,
    // which is version 0.
    if (asked.error().code == FailureCode::kStatement) return 0;
    return asked.error();
  }
  const auto schema = sql::kSchemaVersion.read_first(rows[0]);
  if (!schema) return 0;
  const std::int64_t known = current_schema_version();
  if (schema->version == kCopyUnderWay) {
    return Failure{FailureCode::kUnavailable,
                   "store " + std::string(store_name) +
                       " is an unfinished copy: start `couponhook store migrate --to` again, which "
                       "finishes it, or empty the database"};
  }
  if (schema->works_with > known) {
    return Failure{FailureCode::kTooNew,
                   "store " + std::string(store_name) + " has schema version " +
                       std::to_string(schema->version) +
                       ", but this couponhook knows versions up to " + std::to_string(known) +
                       ": run the newer couponhook, or restore a backup made by this one"};
  }
  return schema->version;
}

Result migrate(Connection& connection, const Dialect& dialect, std::string_view store_name,
               std::int64_t now_ms) {
  // The schema version is read before anything is written, so that a store written by a newer
  // couponhook is not changed.
  const auto version = known_schema_version(connection, store_name);
  if (!version) return version.error();
  if (*version == 0) {
    if (auto made = connection.run_script(kMigrationsTable); !made) return made;
  }
  for (const Migration& step : migrations()) {
    if (step.version <= *version) continue;
    if (auto taken = take_step(connection, step, dialect, now_ms); !taken) return taken;
  }
  return {};
}

}  // namespace couponhook::storage
