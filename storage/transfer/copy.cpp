#include "storage/transfer/copy.hpp"

#include <array>
#include <utility>

#include "storage/rows.hpp"
#include "storage/transaction.hpp"
#include "storage/transfer/copy_target.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;

Connection::Result<std::int64_t> count_rows(Connection& connection, const CopiedTable& table) {
  std::vector<Rows> results;
  const std::array ask{table.count()};
  if (auto asked = connection.run(ask, results); !asked) return asked.error();
  return only_integer(results[0]);
}

/// \return the last row of a table, in the order of the key, that the target of the copy has; empty
/// if the table has no rows there.
Connection::Result<Row> last_copied_key(Connection& target, const CopiedTable& table) {
  std::vector<Rows> results;
  const std::array ask{table.last_row()};
  if (auto asked = target.run(ask, results); !asked) return asked.error();
  return results[0].empty() ? Row() : std::move(results[0][0]);
}

Failure differs(const TableReport& table) {
  return {FailureCode::kCorrupt,
          "table " + table.name + " differs: " + std::to_string(table.source.rows()) +
              " rows with sum " + table.source.text() + " in the source, " +
              std::to_string(table.target.rows()) + " with sum " + table.target.text() +
              " in the target: was one of them written to since the copying began? Empty the "
              "target database and begin again"};
}

}  // namespace

Result copy_rows(Connection& source, Connection& target, const CopiedTable& table,
                 const WorkObserver& observer) {
  const auto total = count_rows(source, table);
  if (!total) return total.error();
  TableWalk walk(source, table);
  std::uint64_t done = 0;
  if (table.is_ordered_alike()) {
    auto last = last_copied_key(target, table);
    if (!last) return last.error();
    if (!last->empty()) {
      const auto there = count_rows(target, table);
      if (!there) return there.error();
      done = static_cast<std::uint64_t>(*there);
      walk.start_after(std::move(*last));
    }
  }
  std::vector<Command> commands;
  std::vector<Rows> results;
  const std::string doing = "copied " + table.name();
  for (;;) {
    const auto rows = walk.next();
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    commands.clear();
    for (const Row& row : *rows) commands.push_back(table.insert(row));
    auto written = in_transaction(target, [&] { return target.run(commands, results); });
    if (!written) return written;
    done += rows->size();
    observer(doing, done, static_cast<std::uint64_t>(*total));
  }
}

Connection::Result<RowDigest> digest_rows(Connection& connection, const CopiedTable& table,
                                          std::int64_t expected, const WorkObserver& observer) {
  TableWalk walk(connection, table);
  RowDigest digest;
  const std::string doing = "compared " + table.name() + " in " + std::string(connection.engine());
  for (;;) {
    const auto rows = walk.next();
    if (!rows) return rows.error();
    if (rows->empty()) return digest;
    for (const Row& row : *rows) digest.add(row);
    observer(doing, static_cast<std::uint64_t>(digest.rows()),
             static_cast<std::uint64_t>(expected));
  }
}

Connection::Result<std::vector<TableReport>> copy_to_postgres(const StoreUrl& source_url,
                                                              const StoreUrl& target_url,
                                                              std::int64_t now_ms,
                                                              const WorkObserver& observer) {
  const auto store = Store::open(source_url, {}, now_ms);
  if (!store) return store.error();
  const auto source = (*store)->writer();
  if (!source) return source.error();
  const auto tables = tables_to_copy(**source);
  if (!tables) return tables.error();
  const auto mark = source_mark(**source);
  if (!mark) return mark.error();
  const auto target = open_copy_target(target_url, *tables, *mark, now_ms);
  if (!target) return target.error();

  for (const CopiedTable& table : *tables) {
    if (auto copied = copy_rows(**source, **target, table, observer); !copied) {
      return copied.error();
    }
  }
  std::vector<TableReport> reports;
  for (const CopiedTable& table : *tables) {
    const auto total = count_rows(**source, table);
    if (!total) return total.error();
    const auto ours = digest_rows(**source, table, *total, observer);
    if (!ours) return ours.error();
    const auto theirs = digest_rows(**target, table, *total, observer);
    if (!theirs) return theirs.error();
    reports.push_back({table.name(), *ours, *theirs});
    if (*ours != *theirs) return differs(reports.back());
  }
  if (auto finished = finish_copy_target(**target, *tables); !finished) return finished.error();
  return reports;
}

}  // namespace couponhook::storage
