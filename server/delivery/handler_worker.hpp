#pragma once

/// \file
/// A handler's worker state: its calls in progress, its waiting deliveries and its circuit breaker.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/delivery/circuit_breaker.hpp"
#include "server/delivery/handler_counters.hpp"
#include "server/delivery/retry_schedule.hpp"
#include "server/delivery/sender.hpp"

namespace couponhook::server {

struct HandlerWorkerOptions {
  std::string handler;
  RetryLimits retries;
  BreakerLimits breaker;
  int concurrency = 8;
};

/// The delivery worker's view of one handler. It counts the handler's claimed deliveries (those
/// that this replica has taken under a lease), keeps the deliveries that wait because too many
/// calls are running, and asks the circuit breaker before new deliveries are claimed. Used on the
/// delivery worker's thread.
///
/// A waiting delivery is leased, but no attempt is counted for it yet. An attempt is counted in the
/// store just before the call begins.
class HandlerWorker {
 public:
  HandlerWorker(HandlerWorkerOptions options, std::unique_ptr<Sender> sender)
      : options_(std::move(options)), sender_(std::move(sender)), breaker_(options_.breaker) {}

  [[nodiscard]] const std::string& handler() const { return options_.handler; }
  [[nodiscard]] const RetryLimits& retries() const { return options_.retries; }
  [[nodiscard]] CircuitBreaker& breaker() { return breaker_; }
  [[nodiscard]] const CircuitBreaker& breaker() const { return breaker_; }
  [[nodiscard]] HandlerCounters& counters() { return counters_; }
  /// Returns the handler's counters. Thread-safe.
  [[nodiscard]] HandlerFigures figures() const { return counters_.figures(options_.handler); }

  /// Returns the number of deliveries to claim (take under a lease) now for this handler. More
  /// deliveries are claimed than can be called at once, so that no connection is idle while the
  /// next deliveries are claimed. They are claimed in batches, because each claim is a transaction.
  [[nodiscard]] int wanted(SteadyClock::time_point now) const {
    const int ahead = std::max(kAheadMin, options_.concurrency);
    const int room = options_.concurrency + ahead - in_flight_;
    return room < ahead / 2 ? 0 : breaker_.allowed(room, now);
  }

  /// Returns the number of further calls of the handler that may begin now.
  [[nodiscard]] int free_slots() const { return options_.concurrency - calling_; }
  /// Returns the number of further calls that may begin after the calls for all waiting deliveries
  /// have begun.
  [[nodiscard]] int open_slots() const {
    return std::max(0, free_slots() - static_cast<int>(waiting_.size()));
  }

  /// Keeps a claimed delivery (taken under a lease) until a call of the handler may begin.
  void keep(storage::ClaimedDelivery&& delivery, Priority priority) {
    if (priority == Priority::kReplyWaits) {
      waiting_.push_front(std::move(delivery));
    } else {
      waiting_.push_back(std::move(delivery));
    }
  }
  /// Removes and returns the first waiting delivery; nothing if no delivery waits.
  [[nodiscard]] std::optional<storage::ClaimedDelivery> next() {
    if (waiting_.empty()) return std::nullopt;
    std::optional<storage::ClaimedDelivery> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
  }

  /// Counts a delivery that was claimed (taken under a lease) for this handler.
  void took() { ++in_flight_; }
  /// Stops counting a claimed delivery that is finished or was given back to the store.
  void over() { --in_flight_; }

  void send(storage::ClaimedDelivery&& delivery, Priority priority, SteadyClock::time_point now) {
    if (breaker_.began(now)) probe_ = delivery.lease.delivery_id;
    ++calling_;
    sender_->send(std::move(delivery), priority);
  }
  /// Records that a call of the handler has ended.
  void call_ended() { --calling_; }
  /// Removes a delivery for which the handler's call has not begun. \return true if the delivery
  /// was removed.
  [[nodiscard]] bool take_back(std::int64_t delivery_id) {
    const auto is_it = [&](const storage::ClaimedDelivery& delivery) {
      return delivery.lease.delivery_id == delivery_id;
    };
    if (std::erase_if(waiting_, is_it) > 0) return true;
    const bool dropped = sender_->take_back(delivery_id);
    if (dropped) --calling_;
    if (dropped && delivery_id == probe_) breaker_.abandoned();
    return dropped;
  }
  /// Removes and returns all deliveries for which the handler's call has not begun.
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() {
    auto not_begun = sender_->take_back();
    calling_ -= static_cast<int>(not_begun.size());
    for (const storage::ClaimedDelivery& delivery : not_begun) {
      if (delivery.lease.delivery_id == probe_) breaker_.abandoned();
    }
    std::ranges::move(waiting_, std::back_inserter(not_begun));
    waiting_.clear();
    return not_begun;
  }

 private:
  static constexpr int kAheadMin = 256;

  HandlerWorkerOptions options_;
  std::unique_ptr<Sender> sender_;
  CircuitBreaker breaker_;
  HandlerCounters counters_;
  /// Id of the delivery that was sent to test whether the target is back (the circuit breaker's
  /// probe).
  std::int64_t probe_ = 0;
  int in_flight_ = 0;  ///< number of claimed deliveries (taken under a lease) that have not ended
  /// Number of deliveries handed to the sender, which calls the handler; in_flight_ includes them.
  int calling_ = 0;
  /// Deliveries that wait because too many calls are running; in_flight_ includes them.
  std::deque<storage::ClaimedDelivery> waiting_;
};

}  // namespace couponhook::server
