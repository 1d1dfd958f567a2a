#include "storage/totals.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/counter_deltas.hpp"
#include "storage/delivery_states.hpp"
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

/// Returns true if the totals of the handlers' deliveries in this state do not add up to the total
/// of all deliveries in this state.
bool is_handler_missing(const std::vector<Total>& totals, std::string_view of_state) {
  const std::string start = counter_of_handler(of_state, {});
  std::int64_t of_handlers = 0;
  for (const Total& total : totals) {
    if (total.name.starts_with(start)) of_handlers += total.value;
  }
  return of_handlers != total_of(totals, of_state);
}

/// Appends the commands that correct the totals of each handler's open and dead deliveries, if they
/// are wrong.
Connection::Result<void> correct_handlers(Connection& connection, const std::vector<Total>& totals,
                                          std::vector<std::string>& names,
                                          std::vector<Command>& corrections) {
  static constexpr std::array kStates{state::kPending, state::kRetrying, state::kDead};
  std::int64_t undone = 0;
  bool is_wrong = false;
  for (const std::string_view state : kStates) {
    undone += total_of(totals, counter_of(state));
    is_wrong = is_wrong || is_handler_missing(totals, counter_of(state));
  }
  if (!is_wrong || undone > kCountedMax) return {};
  std::vector<Rows> results;
  const std::array ask{Command(sql::kUndoneHandlers, {kCountedMax})};
  if (auto asked = connection.run(ask, results); !asked) return asked;
  std::set<std::string> handlers;
  for (Row& row : results[0]) handlers.insert(take_text(only_field(row)));
  const std::string start = counter_of_handler(counter::kDeliveriesPending, {});
  for (const Total& total : totals) {
    if (total.name.starts_with(start)) handlers.insert(total.name.substr(start.size()));
  }
  // The commands refer to the names, so the vector must not grow while they are made.
  names.reserve(handlers.size() * (kStates.size() + 1));
  for (const std::string& handler : handlers) {
    const std::string& kept = names.emplace_back(handler);
    for (const std::string_view state : kStates) {
      const std::string& name = names.emplace_back(counter_of_handler(counter_of(state), handler));
      corrections.push_back(Command(
          sql::kCorrectDeliveries,
          {std::string_view(name), connection.counter_slot(), state, std::string_view(kept)}));
    }
  }
  return {};
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
  std::vector<std::string> names;
  if (auto handled = correct_handlers(connection, totals, names, corrections); !handled) {
    return handled;
  }
  if (corrections.empty()) return {};
  return in_transaction(connection, [&] { return connection.run(corrections, results); });
}

}  // namespace couponhook::storage
