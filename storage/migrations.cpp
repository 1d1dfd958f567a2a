#include "storage/migrations.hpp"

#include <array>
#include <vector>

#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;

// Columns stand in order of use, the largest last: an engine that reads a row's head only need not
// touch its tail. Every index costs on every notification, so there are few.
constexpr std::string_view kFirstSchema = R"sql(
CREATE TABLE notifications (
  seq {key},
  id TEXT NOT NULL,
  mchid TEXT NOT NULL,
  event_type TEXT NOT NULL,
  state TEXT NOT NULL,
  create_time TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  times_seen BIGINT NOT NULL,
  source TEXT NOT NULL,
  digest {bytes} NOT NULL,
  envelope TEXT NOT NULL,
  resource TEXT NOT NULL
);
CREATE UNIQUE INDEX notifications_id ON notifications (id, mchid);

CREATE TABLE conflicts (
  notification BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  received_at BIGINT NOT NULL,
  resource TEXT NOT NULL,
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
  body {bytes} NOT NULL
);
CREATE UNIQUE INDEX quarantine_body ON quarantine (body_digest);
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
  source TEXT NOT NULL
);
CREATE UNIQUE INDEX coupon_history_fact
  ON coupon_history (stock_id, coupon, kind, business_key);

CREATE TABLE refunds (
  seq {key},
  transaction_id TEXT NOT NULL,
  business_key TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  mchid TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  source TEXT NOT NULL
);
CREATE UNIQUE INDEX refunds_fact ON refunds (transaction_id, business_key);

CREATE TABLE deliveries (
  seq {key},
  notification BIGINT NOT NULL,
  handler TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  ordering_key TEXT NOT NULL,
  lease_owner TEXT,
  lease_until BIGINT,
  fence BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX deliveries_notification ON deliveries (notification);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state IN ('pending', 'retrying');
CREATE INDEX deliveries_open ON deliveries (created_at) WHERE state IN ('pending', 'retrying');

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
)sql";

constexpr std::array kMigrations{Migration{.version = 1, .script = kFirstSchema}};

constexpr std::string_view kMigrationsTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations"
    " (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

Result take_step(Connection& connection, const Migration& step, const Dialect& dialect,
                 std::int64_t now_ms) {
  if (auto begun = connection.begin(); !begun) return begun;
  auto taken = connection.run_script(in_dialect(step.script, dialect));
  if (taken) {
    std::vector<Rows> rows;
    const std::array record{Command(sql::kRecordMigration, {step.version, now_ms})};
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

std::int64_t current_schema_version() {
  return kMigrations.back().version;
}

std::string in_dialect(std::string_view script, const Dialect& dialect) {
  std::string text(script);
  replace_all(text, "{key}", dialect.key);
  replace_all(text, "{bytes}", dialect.bytes);
  return text;
}

Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                      std::string_view store_name) {
  std::vector<Rows> rows;
  const std::array ask{Command(sql::kSchemaVersion, {})};
  if (auto asked = connection.run(ask, rows); !asked) {
    // A store that has no such table yet refuses the statement, and has no schema either.
    if (asked.error().code == FailureCode::kStatement) return 0;
    return asked.error();
  }
  if (rows[0].empty()) return 0;
  const std::int64_t version = std::get<std::int64_t>(rows[0][0][0]);
  const std::int64_t known = current_schema_version();
  if (version > known) {
    return Failure{FailureCode::kTooNew,
                   "store " + std::string(store_name) + " has schema version " +
                       std::to_string(version) + ", but this couponhook knows versions up to " +
                       std::to_string(known) +
                       ": run the newer couponhook, or restore a backup made by this one"};
  }
  return version;
}

Result migrate(Connection& connection, const Dialect& dialect, std::string_view store_name,
               std::int64_t now_ms) {
  // Asked before anything is written, so that a newer store is left as it is.
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
