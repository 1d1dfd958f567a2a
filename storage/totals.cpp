#include "storage/totals.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "storage/counter_deltas.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

constexpr std::int64_t kCountedMax = 100'000;

std::int64_t total_of(const std::vector<Total>& totals, std::string_view name) {
  const auto total = std::ranges::find(totals, name, &Total::name);
  return total == totals.end() ? 0 : total->value;
}

}  // namespace

Connection::Result<void> correct_totals(Connection& connection) {
  std::vector<Rows> results;
  const std::array ask{Command(sql::kCountSealed, {kCountedMax + 1}),
                       Command(sql::kCountUnreadable, {kCountedMax + 1}),
                       Command(sql::kTotals, {})};
  if (auto asked = connection.run(ask, results); !asked) return asked;
  const std::vector<Total> totals = sql::kTotals.read_all(results[2]);
  std::vector<Command> corrections;
  const auto correct = [&](const Rows& counted, std::string_view name, const Statement& statement) {
    const std::int64_t count = only_integer(counted);
    if (count > kCountedMax || count == total_of(totals, name)) return;
    corrections.push_back(Command(statement, {name, connection.counter_slot()}));
  };
  correct(results[0], counter::kSealed, sql::kCorrectSealed);
  correct(results[1], counter::kUnreadable, sql::kCorrectUnreadable);
  if (corrections.empty()) return {};
  return in_transaction(connection, [&] { return connection.run(corrections, results); });
}

}  // namespace couponhook::storage
