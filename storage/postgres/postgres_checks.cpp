#include "storage/postgres/postgres_checks.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <thread>

#include "storage/migrations.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;
using std::chrono::milliseconds;

/// Longest time to wait while another replica runs the schema migrations.
constexpr milliseconds kMigrationWait{30'000};
constexpr milliseconds kMigrationPoll{50};

const Statement kServerFacts{
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',"
    " 'synchronous_commit', 'synchronous_standby_names', 'server_encoding')"
    " UNION ALL SELECT 'version', version()"};

const Statement kPinSynchronousCommit{"SELECT set_config('synchronous_commit', $1, false)"};

const Statement kOurTables{
    "SELECT CAST(c.relname AS TEXT), CAST(c.relpersistence AS TEXT) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
    " AND c.relkind <> 'i' AND CAST(c.relname AS TEXT) = ANY(string_to_array($1, ','))"};

const Statement kSchemaName{"SELECT CAST(current_schema() AS TEXT)"};

const Statement kLockMigrations{"SELECT pg_try_advisory_lock(1129272656, 0)"};
const Statement kUnlockMigrations{"SELECT pg_advisory_unlock(1129272656, 0)"};

const Statement kSize{
    "SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
    " AND c.relkind = 'r' AND CAST(c.relname AS TEXT) = ANY(string_to_array($1, ','))"};

std::string joined_table_names() {
  std::string joined;
  for (const std::string& name : table_names()) joined.append(name).append(",");
  joined.pop_back();
  return joined;
}

Failure unsafe(const PostgresConnection& connection, std::string_view what,
               std::string_view advice) {
  return {FailureCode::kUnsafe, "store " + connection.options().name +
                                    " could lose committed data: " + std::string(what) + ": " +
                                    std::string(advice)};
}

using Facts = std::map<std::string, std::string>;

/// Returns true if the server is CockroachDB or YugabyteDB. These databases store data in their own
/// way, and show settings of PostgreSQL that have no effect there, so those settings are not
/// checked.
bool writes_its_own_way(const Facts& facts) {
  const auto version = facts.find("version");
  return version != facts.end() && (version->second.find("CockroachDB") != std::string::npos ||
                                    version->second.find("-YB-") != std::string::npos);
}

Result refuse_unsafe(const PostgresConnection& connection, const Facts& facts) {
  const auto is = [&facts](const char* name, std::string_view value) {
    const auto fact = facts.find(name);
    return fact != facts.end() && fact->second == value;
  };
  if (is("fsync", "off")) {
    return unsafe(connection, "fsync is off, so a power cut may destroy the database",
                  "set fsync = on at the server");
  }
  if (is("full_page_writes", "off")) {
    return unsafe(connection, "full_page_writes is off, so a power cut may leave torn pages",
                  "set full_page_writes = on at the server");
  }
  if (is("synchronous_commit", "off")) {
    return unsafe(connection, "synchronous_commit is off, so a crash loses the last commits",
                  "set it to on for the server, the database and the role");
  }
  if (is("synchronous_commit", "local") && !is("synchronous_standby_names", "")) {
    return unsafe(connection,
                  "synchronous_commit is local, so a commit does not wait for the standbys that "
                  "synchronous_standby_names asks for",
                  "set it to on for the server, the database and the role");
  }
  if (facts.contains("server_encoding") && !is("server_encoding", "UTF8")) {
    return unsafe(connection, "its encoding is not UTF8, so it would refuse some text",
                  "create a database with ENCODING 'UTF8'");
  }
  return {};
}

std::string text_or_empty(const Field& field) {
  const auto* text = std::get_if<std::string>(&field);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

Result make_durable(PostgresConnection& connection) {
  auto rows = connection.ask(Command(kServerFacts, {}));
  if (!rows) return rows.error();
  Facts facts;
  for (const Row& row : *rows) facts.emplace(text_or_empty(row[0]), text_or_empty(row[1]));
  if (writes_its_own_way(facts)) return {};
  if (auto safe = refuse_unsafe(connection, facts); !safe) return safe;
  // The session sets synchronous_commit to the value that was found. After that, a change in the
  // server's configuration does not affect this session.
  const std::string_view found = facts["synchronous_commit"];
  auto pinned = connection.ask(Command(kPinSynchronousCommit, {found}));
  if (!pinned) return pinned.error();
  return {};
}

Connection::Result<std::int64_t> check_identity(PostgresConnection& connection) {
  const std::string& name = connection.options().name;
  auto schema = connection.ask(Command(kSchemaName, {}));
  if (!schema) return schema.error();
  const std::string schema_name = text_or_empty(schema->at(0).at(0));
  if (schema_name.empty()) {
    return Failure{FailureCode::kUnavailable,
                   "store " + name +
                       " has no schema to work in: create one, or name another by "
                       "?options=-csearch_path%3DNAME in [store] url"};
  }
  const std::string ours = joined_table_names();
  auto tables = connection.ask(Command(kOurTables, {std::string_view(ours)}));
  if (!tables) return tables.error();
  const auto is_schema_table = [](const Row& row) { return text_or_empty(row[0]) == kSchemaTable; };
  if (std::none_of(tables->begin(), tables->end(), is_schema_table)) {
    if (tables->empty()) return 0;
    return Failure{
        FailureCode::kCorrupt,
        "schema " + schema_name + " of " + name + " has a table " + text_or_empty((*tables)[0][0]) +
            " that is not couponhook's: give couponhook a database or schema of its own"};
  }
  for (const Row& row : *tables) {
    if (text_or_empty(row[1]) != "u") continue;
    return unsafe(connection,
                  "its table " + text_or_empty(row[0]) + " is unlogged, so a crash empties it",
                  "ALTER TABLE " + text_or_empty(row[0]) + " SET LOGGED");
  }
  return known_schema_version(connection, name);
}

Result migrate_alone(PostgresConnection& connection, std::int64_t now_ms) {
  const std::string& name = connection.options().name;
  const auto deadline = std::chrono::steady_clock::now() + kMigrationWait;
  for (;;) {
    const auto locked = connection.ask(Command(kLockMigrations, {}));
    // The database has no advisory locks. Then only the primary key of the table of schema versions
    // prevents two replicas from running the same migration.
    if (!locked && locked.error().code == FailureCode::kStatement) break;
    if (!locked) return locked.error();
    if (integer((*locked)[0][0]) == 1) break;
    if (std::chrono::steady_clock::now() >= deadline) {
      return Failure{FailureCode::kUnavailable,
                     "another couponhook is bringing the schema of store " + name +
                         " up to date: wait for it to finish"};
    }
    std::this_thread::sleep_for(kMigrationPoll);
  }
  auto migrated = connection.run_script("SET statement_timeout = 0");
  if (migrated) migrated = migrate(connection, kPostgresDialect, name, now_ms);
  const auto statement_max = std::to_string(connection.options().times.statement_max.count());
  const auto timed = connection.run_script("SET statement_timeout = " + statement_max);
  const auto unlocked = connection.ask(Command(kUnlockMigrations, {}));
  if (!migrated) return migrated;
  if (!timed) return timed;
  if (!unlocked && unlocked.error().code != FailureCode::kStatement) return unlocked.error();
  return {};
}

Connection::Result<std::int64_t> PostgresConnection::size_bytes() {
  const std::string ours = joined_table_names();
  const auto size = ask(Command(kSize, {std::string_view(ours)}));
  if (!size) return size.error();
  return integer((*size)[0][0]);
}

/// Reads every row of every table, so that the server verifies the checksum of each page, if page
/// checksums are enabled.
Connection::Result<void> PostgresConnection::check_integrity() {
  if (auto known = check_identity(*this); !known) return known.error();
  Result<void> read;
  for (const std::string& table : table_names()) {
    read = run_script("SET statement_timeout = 0; SELECT count(*) FROM " + table);
    if (!read) break;
  }
  const auto timed =
      run_script("SET statement_timeout = " + std::to_string(options_.times.statement_max.count()));
  return read ? timed : read;
}

}  // namespace couponhook::storage
