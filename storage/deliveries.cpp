#include "storage/deliveries.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "storage/delivery_states.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

/// \return the state that a delivery gets after an attempt with this result.
std::string_view state_after(DeliveryResult result) {
  switch (result) {
    case DeliveryResult::kDone:
      return state::kDone;
    case DeliveryResult::kRetry:
      return state::kRetrying;
    case DeliveryResult::kDead:
      break;
  }
  return state::kDead;
}

std::string_view outcome_of(DeliveryResult result) {
  switch (result) {
    case DeliveryResult::kDone:
      return outcome::kDone;
    case DeliveryResult::kRetry:
      return outcome::kRetry;
    case DeliveryResult::kDead:
      break;
  }
  return outcome::kDead;
}

/// \return the indexes of the items of `finished` (results of delivery attempts), sorted by
/// delivery number. All code locks delivery rows in this order, so that two replicas wait for each
/// other and do not deadlock.
std::vector<std::size_t> by_delivery(std::span<const Finished> finished) {
  std::vector<std::size_t> order(finished.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return finished[i].lease.delivery_id; });
  return order;
}

}  // namespace

Deliveries::Deliveries(std::unique_ptr<Connection> connection, LeaseTerms terms)
    : connection_(std::move(connection)), terms_(std::move(terms)) {}

Deliveries::~Deliveries() = default;

Deliveries::Work Deliveries::run() {
  auto ran = connection_->run(commands_, results_);
  commands_.clear();
  return ran;
}

Deliveries::Work Deliveries::count_and_run() {
  counters_.append_commands(connection_->counter_slot(), commands_);
  return run();
}

/// Writes that a delivery has ended, and makes the next delivery of its ordering lane (same handler
/// and coupon) due, so that it is made now.
void Deliveries::end(std::int64_t delivery_id, std::string_view handler, std::int64_t lane,
                     std::string_view from, std::string_view state, std::string_view error,
                     std::int64_t now_ms) {
  commands_.push_back(Command(sql::kReport, {state, nullptr, now_ms, error, delivery_id}));
  commands_.push_back(Command(sql::kPromote, {now_ms, lane}));
  counters_.move_delivery(handler, counter_of(from), counter_of(state));
  if (state == state::kDead) counters_.add(counter::kDeliveriesDied);
}

Deliveries::Result<std::vector<bool>> Deliveries::finish(std::span<const Finished> finished,
                                                         std::int64_t now_ms) {
  std::vector<bool> counted;
  const auto recorded =
      in_transaction(*connection_, [&] { return record(finished, now_ms, counted); });
  if (!recorded) return recorded.error();
  return counted;
}

Deliveries::Work Deliveries::record(std::span<const Finished> finished, std::int64_t now_ms,
                                    std::vector<bool>& counted) {
  counted.assign(finished.size(), false);
  counters_.clear();
  commands_.clear();
  const std::vector<std::size_t> order = by_delivery(finished);
  for (const std::size_t i : order) {
    const Lease& lease = finished[i].lease;
    commands_.push_back(Command(sql::kHeldDelivery, {lease.delivery_id, lease.fence}));
  }
  if (auto read = run(); !read) return read;

  std::size_t read = 0;
  for (const std::size_t i : order) {
    const auto held = sql::kHeldDelivery.read_first(results_[read++]);
    if (!held) continue;
    counted[i] = true;
    report(finished[i], *held, now_ms);
  }
  return count_and_run();
}

void Deliveries::report(const Finished& finished, const HeldDelivery& held, std::int64_t now_ms) {
  const std::int64_t attempt = held.attempts;
  const std::int64_t id = finished.lease.delivery_id;
  // A delivery that succeeds at the first attempt gets no row in the table of attempts, which saves
  // a write.
  if (finished.result != DeliveryResult::kDone || attempt > 1) {
    commands_.push_back(
        Command(sql::kRecordAttempt, {id, attempt_slot(attempt), attempt, finished.began_at_ms,
                                      now_ms, outcome_of(finished.result), finished.error}));
  }
  if (finished.result == DeliveryResult::kRetry) {
    commands_.push_back(
        Command(sql::kReport, {state::kRetrying, finished.due_at_ms, nullptr, finished.error, id}));
    counters_.move_delivery(held.handler, counter_of(held.state), counter::kDeliveriesRetrying);
    return;
  }
  const bool dead = finished.result == DeliveryResult::kDead;
  end(id, held.handler, held.lane, held.state, state_after(finished.result),
      dead ? finished.error : std::string_view(), now_ms);
}

Deliveries::Result<std::vector<bool>> Deliveries::renew(std::span<const Lease> held,
                                                        std::int64_t now_ms) {
  std::vector<bool> still;
  const std::int64_t until = now_ms + terms_.lease.count();
  const auto renewed = in_transaction(*connection_, [&]() -> Work {
    still.clear();
    commands_.clear();
    for (const Lease& lease : held) {
      commands_.push_back(Command(sql::kRenew, {until, lease.delivery_id, lease.fence}));
    }
    auto ran = run();
    if (ran) std::ranges::transform(results_, std::back_inserter(still), std::not_fn(&Rows::empty));
    return ran;
  });
  if (!renewed) return renewed.error();
  return still;
}

Deliveries::Result<std::vector<bool>> Deliveries::begin(std::span<const Lease> held,
                                                        std::int64_t now_ms) {
  std::vector<bool> begun;
  const auto done = in_transaction(*connection_, [&]() -> Work {
    begun.clear();
    commands_.clear();
    connection_->commit_once_without_waiting();
    for (const Lease& lease : held) {
      commands_.push_back(Command(sql::kBegin, {now_ms, lease.delivery_id, lease.fence}));
    }
    auto ran = run();
    if (ran) std::ranges::transform(results_, std::back_inserter(begun), std::not_fn(&Rows::empty));
    return ran;
  });
  if (!done) return done.error();
  return begun;
}

Deliveries::Result<void> Deliveries::postpone(const Lease& held) {
  return in_transaction(*connection_, [&] {
    connection_->commit_once_without_waiting();
    commands_.assign({Command(sql::kPostpone, {held.delivery_id, held.fence})});
    return run();
  });
}

Deliveries::Result<void> Deliveries::release(std::span<const Lease> held, std::int64_t now_ms) {
  return in_transaction(*connection_, [&] {
    commands_.clear();
    for (const Lease& lease : held) {
      commands_.push_back(Command(sql::kGiveBack, {now_ms, lease.delivery_id, lease.fence}));
    }
    return run();
  });
}

Deliveries::Result<std::optional<std::int64_t>> Deliveries::next_due_ms(
    std::span<const std::string_view> handlers) {
  commands_.assign({Command(sql::kPauses, {})});
  if (auto read = run(); !read) return read.error();
  pauses_ = sql::kPauses.read_all(results_[0]);
  for (const std::string_view handler : handlers) {
    if (!is_paused(handler)) commands_.push_back(Command(sql::kNextDue, {handler}));
  }
  if (auto read = run(); !read) return read.error();
  std::optional<std::int64_t> next;
  for (const Rows& rows : results_) {
    if (const auto due = first_integer(rows)) next = std::min(*due, next.value_or(*due));
  }
  return next;
}

Deliveries::Result<Backlog> Deliveries::backlog() {
  commands_.assign({Command(sql::kTotals, {}), Command(sql::kOldestOpenDelivery, {})});
  if (auto read = run(); !read) return read.error();
  Backlog backlog;
  for (const auto& [name, value] : sql::kTotals.read_all(results_[0])) {
    if (name == counter::kDeliveriesPending) backlog.pending = value;
    if (name == counter::kDeliveriesRetrying) backlog.retrying = value;
    if (name == counter::kDeliveriesDead) backlog.dead = value;
  }
  backlog.oldest_created_at_ms = least(results_[1]);
  return backlog;
}

}  // namespace couponhook::storage
