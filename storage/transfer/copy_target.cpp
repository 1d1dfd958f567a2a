#include "storage/transfer/copy_target.hpp"

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "storage/migrations.hpp"
#include "storage/postgres/postgres_checks.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;

constexpr Statement kAppliedAt{"SELECT applied_at FROM couponhook_schema WHERE version = $1"};
constexpr Statement kRemoveMark{"DELETE FROM couponhook_schema WHERE version = $1"};

Connection::Result<Rows> ask(Connection& connection, const Command& command) {
  std::vector<Rows> results;
  const std::array commands{command};
  if (auto asked = connection.run(commands, results); !asked) return asked.error();
  return std::move(results[0]);
}

/// \return the mark of an unfinished copy in the target database, which identifies the source of
/// that copy; nothing if the target has no such mark, or is no store.
Connection::Result<std::optional<std::int64_t>> mark_of(Connection& target) {
  const auto rows = ask(target, Command(kAppliedAt, {kCopyUnderWay}));
  if (!rows) {
    if (rows.error().code == FailureCode::kStatement) return std::optional<std::int64_t>();
    return rows.error();
  }
  return first_integer(*rows);
}

Result refuse_nonempty_tables(Connection& target, const std::list<CopiedTable>& tables,
                              const std::string& name) {
  for (const CopiedTable& table : tables) {
    const auto rows = ask(target, table.last_row());
    if (!rows) return rows.error();
    if (rows->empty()) continue;
    return Failure{FailureCode::kUnavailable, "store " + name + " holds rows in table " +
                                                  table.name() +
                                                  " already: copy to an empty database"};
  }
  return {};
}

Result begin_copy(PostgresConnection& target, const std::list<CopiedTable>& tables,
                  std::int64_t mark, std::int64_t now_ms) {
  const auto version = check_identity(target);
  if (!version) return version.error();
  if (*version < current_schema_version()) {
    if (auto migrated = migrate_alone(target, now_ms); !migrated) return migrated;
  }
  if (auto empty = refuse_nonempty_tables(target, tables, target.options().name); !empty) {
    return empty;
  }
  const std::array record{Command(sql::kRecordMigration, {kCopyUnderWay, mark, kCopyUnderWay})};
  std::vector<Rows> results;
  return in_transaction(target, [&] { return target.run(record, results); });
}

/// Fails if an older couponhook began the unfinished copy, because the tables of that copy lack the
/// columns that were added since.
Result refuse_older_copy(Connection& target, const std::string& name) {
  constexpr static Statement kVersion{
      "SELECT coalesce(max(version), 0) FROM couponhook_schema WHERE version <> $1"};
  const auto version = ask(target, Command(kVersion, {kCopyUnderWay}));
  if (!version) return version.error();
  if (only_integer(*version) >= current_schema_version()) return {};
  return Failure{FailureCode::kUnavailable,
                 "store " + name +
                     " holds an unfinished copy that an older couponhook began: empty the database "
                     "and copy again"};
}

}  // namespace

Connection::Result<std::int64_t> source_mark(Connection& source) {
  const auto rows = ask(source, Command(kAppliedAt, {std::int64_t{1}}));
  if (!rows) return rows.error();
  return first_integer(*rows).value_or(0);
}

Connection::Result<std::unique_ptr<Connection>> open_copy_target(
    const StoreUrl& url, const std::list<CopiedTable>& tables, std::int64_t mark,
    std::int64_t now_ms) {
  if (url.engine != "postgresql") {
    return Failure{FailureCode::kUnavailable,
                   "a store is copied to postgresql://USER@HOST:PORT/DATABASE; to copy an SQLite "
                   "file use `couponhook store backup`"};
  }
  auto target = std::make_unique<PostgresConnection>(PostgresConnection::Options{
      .url = url.address, .name = url.name(), .times = {}, .adopt = make_durable});
  if (auto connected = target->connect(); !connected) return connected.error();
  const auto found = mark_of(*target);
  if (!found) return found.error();
  if (*found && **found != mark) {
    return Failure{FailureCode::kUnavailable,
                   "store " + url.name() +
                       " holds an unfinished copy of another store: copy to an empty database"};
  }
  if (*found) {
    if (auto current = refuse_older_copy(*target, url.name()); !current) return current.error();
  } else {
    if (auto begun = begin_copy(*target, tables, mark, now_ms); !begun) return begun.error();
  }
  return std::unique_ptr<Connection>(std::move(target));
}

Result finish_copy_target(Connection& target, const std::list<CopiedTable>& tables) {
  std::string script;
  for (const CopiedTable& table : tables) {
    if (!table.is_numbered()) continue;
    const auto rows = ask(target, table.last_row());
    if (!rows) return rows.error();
    const std::int64_t next = rows->empty() ? 1 : table.number_of((*rows)[0]) + 1;
    script += "ALTER TABLE " + table.name() + " ALTER COLUMN seq RESTART WITH " +
              std::to_string(next) + ";";
  }
  return in_transaction(target, [&]() -> Result {
    if (auto restarted = target.run_script(script); !restarted) return restarted;
    const auto gone = ask(target, Command(kRemoveMark, {kCopyUnderWay}));
    return gone ? Result() : gone.error();
  });
}

}  // namespace couponhook::storage
