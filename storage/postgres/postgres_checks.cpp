#include "storage/postgres/postgres_checks.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <thread>

#include "storage/migrations.hpp"
#include "storage/query.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;
using std::chrono::milliseconds;

/// Longest time to wait while another replica runs the schema migrations.
constexpr milliseconds kMigrationWait{30'000};
constexpr milliseconds kMigrationPoll{50};

/// A setting of the server, or its version.
struct ServerFact {
  std::string name;
  std::string value;
};

const Query<ServerFact> kServerFacts{
    "SELECT {columns} FROM (SELECT name, setting FROM pg_settings WHERE name IN ('fsync',"
    " 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'server_encoding')"
    " UNION ALL SELECT 'version', version()) facts",
    {{"name", &ServerFact::name}, {"setting", &ServerFact::value}}};

const Statement kPinSynchronousCommit{"SELECT set_config('synchronous_commit', $1, false)"};

struct ExistingTable {
  std::string name;
  bool is_unlogged = false;
};

const Query<ExistingTable> kOurTables{
    "SELECT {columns} FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
    " AND c.relkind <> 'i' AND CAST(c.relname AS TEXT) = ANY(string_to_array($1, ','))",
    {{"CAST(c.relname AS TEXT)", &ExistingTable::name},
     {"c.relpersistence = 'u'", &ExistingTable::is_unlogged}}};

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
/// way. They show settings of PostgreSQL that have no effect there, so those settings are not
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

}  // namespace

Result make_durable(PostgresConnection& connection) {
  auto rows = connection.ask(Command(kServerFacts, {}));
  if (!rows) return rows.error();
  Facts facts;
  for (ServerFact& fact : kServerFacts.read_all(*rows)) {
    facts.emplace(std::move(fact.name), std::move(fact.value));
  }
  if (writes_its_own_way(facts)) return {};
  if (auto safe = refuse_unsafe(connection, facts); !safe) return safe;
  // Set synchronous_commit for this session to the value that was found. After that, a change in
  // the server's configuration does not affect the session.
  const std::string_view found = facts["synchronous_commit"];
  auto pinned = connection.ask(Command(kPinSynchronousCommit, {found}));
  if (!pinned) return pinned.error();
  return {};
}

Connection::Result<std::int64_t> check_identity(PostgresConnection& connection) {
  const std::string& name = connection.options().name;
  auto schema = connection.ask(Command(kSchemaName, {}));
  if (!schema) return schema.error();
  const std::string schema_name = take_optional_text(only_field(schema->at(0)));
  if (schema_name.empty()) {
    return Failure{FailureCode::kUnavailable,
                   "store " + name +
                       " has no schema to work in: create one, or name another by "
                       "?options=-csearch_path%3DNAME in [store] url"};
  }
  const std::string ours = joined_table_names();
  auto rows = connection.ask(Command(kOurTables, {std::string_view(ours)}));
  if (!rows) return rows.error();
  const std::vector<ExistingTable> tables = kOurTables.read_all(*rows);
  if (std::ranges::find(tables, kSchemaTable, &ExistingTable::name) == tables.end()) {
    if (tables.empty()) return 0;
    return Failure{
        FailureCode::kCorrupt,
        "schema " + schema_name + " of " + name + " has a table " + tables[0].name +
            " that is not couponhook's: give couponhook a database or schema of its own"};
  }
  for (const ExistingTable& table : tables) {
    if (!table.is_unlogged) continue;
    return unsafe(connection, "its table " + table.name + " is unlogged, so a crash empties it",
                  "ALTER TABLE " + table.name + " SET LOGGED");
  }
  return known_schema_version(connection, name);
}

Result migrate_alone(PostgresConnection& connection, std::int64_t now_ms) {
  const std::string& name = connection.options().name;
  const auto deadline = std::chrono::steady_clock::now() + kMigrationWait;
  for (;;) {
    const auto locked = connection.ask(Command(kLockMigrations, {}));
    // The database has no advisory locks. So only the primary key of the table of schema versions
    // prevents two replicas from running the same migration.
    if (!locked && locked.error().code == FailureCode::kStatement) break;
    if (!locked) return locked.error();
    if (only_integer(*locked) == 1) break;
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
  return only_integer(*size);
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
