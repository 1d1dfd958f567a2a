#include "storage/history.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "storage/counter_deltas.hpp"
#include "storage/retention/purge_sql.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

// The database holds the names of the totals: never rename them.
constexpr std::array<HistoryTotal, 6> kHistoryTotals{{
    {counter::kStored, "stored"},
    {counter::kDuplicates, "duplicates"},
    {counter::kConflicts, "conflicts"},
    {counter::kQuarantined, "quarantined"},
    {counter::kDeliveriesDone, "deliveries_done"},
    {counter::kDeliveriesDied, "deliveries_dead"},
}};

using Values = std::map<std::string, std::int64_t, std::less<>>;

std::int64_t value_of(const Values& values, std::string_view name, std::int64_t otherwise = 0) {
  const auto found = values.find(name);
  return found == values.end() ? otherwise : found->second;
}

/// The commands of one write of the history. Views in the commands point to constants and to the
/// counts of the caller.
class HistoryCommands {
 public:
  void add(std::string_view series, std::int64_t delta, std::int64_t at_ms) {
    if (delta == 0) return;
    for (const std::int64_t step_s : {kMinuteS, kHourS}) {
      const std::int64_t at_s = at_ms / 1000 / step_s * step_s;
      commands_.push_back(Command(sql::kAddToHistory, {step_s, at_s, series, delta}));
    }
  }
  void mark(std::string_view series, std::int64_t value) {
    commands_.push_back(Command(sql::kMarkHistory, {series, value}));
  }
  [[nodiscard]] std::span<const Command> all() const { return commands_; }

 private:
  std::vector<Command> commands_;
};

Connection::Result<void> add_all(Connection& connection, std::span<const HistoryCount> counted,
                                 std::int64_t counted_at_ms, std::int64_t now_ms) {
  const std::array ask{Command(sql::kLockHistory, {}), Command(sql::kHistoryTotals, {})};
  std::vector<Rows> results;
  if (auto asked = connection.run(ask, results); !asked) return asked;
  Values totals;
  Values marks;
  for (HistoryValue& each : sql::kHistoryTotals.read_all(results[1])) {
    Values& values = each.at_s == HistoryValue::kTotal ? totals : marks;
    values.emplace(std::move(each.series), each.value);
  }
  const std::int64_t last_ms = std::min(now_ms, value_of(marks, kHistoryWrittenAt, now_ms));
  HistoryCommands commands;
  for (const HistoryTotal& total : kHistoryTotals) {
    const std::int64_t value = value_of(totals, total.counter);
    const std::int64_t delta = value - value_of(marks, total.counter);
    if (delta == 0) continue;
    commands.add(total.counter, delta, last_ms);
    commands.mark(total.counter, value);
  }
  for (const HistoryCount& count : counted) commands.add(count.series, count.delta, counted_at_ms);
  commands.mark(kHistoryWrittenAt, now_ms);
  return connection.run(commands.all(), results);
}

}  // namespace

Connection::Result<void> write_history(Connection& connection,
                                       std::span<const HistoryCount> counted,
                                       std::int64_t counted_at_ms, std::int64_t now_ms,
                                       bool& is_settled) {
  is_settled = false;
  if (auto begun = connection.begin(); !begun) return begun;
  Rollback rollback(connection);
  if (auto added = add_all(connection, counted, counted_at_ms, now_ms); !added) return added;
  auto committed = connection.commit();
  is_settled = committed.has_value() || committed.error().code != FailureCode::kConflict;
  if (committed) rollback.release();
  return committed;
}

Connection::Result<void> delete_history(Connection& connection, std::int64_t step_s,
                                        std::int64_t before_s) {
  const std::array commands{Command(sql::kDeleteHistory, {step_s, before_s})};
  std::vector<Rows> results;
  return in_transaction(connection, [&] { return connection.run(commands, results); });
}

std::span<const HistoryTotal> history_totals() {
  return kHistoryTotals;
}

}  // namespace couponhook::storage
