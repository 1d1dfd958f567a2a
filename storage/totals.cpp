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

std::int64_t total_of(const Rows& totals, std::string_view name) {
  const auto row = std::ranges::find_if(
      totals, [&](const Row& each) { return std::get<std::string>(each[0]) == name; });
  return row == totals.end() ? 0 : integer((*row)[1]);
}

}  // namespace

Connection::Result<void> correct_totals(Connection& connection) {
  std::vector<Rows> results;
  const std::array ask{Command(sql::kCountSealed, {kCountedMax + 1}),
                       Command(sql::kCountUnreadable, {kCountedMax + 1}),
                       Command(sql::kTotals, {})};
  if (auto asked = connection.run(ask, results); !asked) return asked;
  std::vector<Command> corrections;
  const auto correct = [&](const Rows& counted, std::string_view name, const Statement& statement) {
    const std::int64_t count = integer(counted.at(0)[0]);
    if (count > kCountedMax || count == total_of(results[2], name)) return;
    corrections.push_back(Command(statement, {name, connection.counter_slot()}));
  };
  correct(results[0], counter::kSealed, sql::kCorrectSealed);
  correct(results[1], counter::kUnreadable, sql::kCorrectUnreadable);
  if (corrections.empty()) return {};
  return in_transaction(connection, [&] { return connection.run(corrections, results); });
}

}  // namespace couponhook::storage
