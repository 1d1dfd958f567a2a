#pragma once

/// \file
/// One handler as the worker sees it.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/delivery/circuit_breaker.hpp"
#include "server/delivery/retry_schedule.hpp"
#include "server/delivery/sender.hpp"

namespace couponhook::server {

struct LaneOptions {
  std::string handler;
  RetryLimits retries;
  BreakerLimits breaker;
  int concurrency = 8;
};

/// Counts what is out for one handler, keeps what waits for a free slot, and asks the circuit
/// breaker. Used on the worker's thread.
///
/// What waits is leased, but counts as no attempt: only what is sent has begun, in the store first.
class Lane {
 public:
  Lane(LaneOptions options, std::unique_ptr<Sender> sender)
      : options_(std::move(options)), sender_(std::move(sender)), breaker_(options_.breaker) {}

  [[nodiscard]] const std::string& handler() const { return options_.handler; }
  [[nodiscard]] const RetryLimits& retries() const { return options_.retries; }
  [[nodiscard]] CircuitBreaker& breaker() { return breaker_; }
  [[nodiscard]] const CircuitBreaker& breaker() const { return breaker_; }

  /// How many deliveries to take now. Some more than can be called at once, so that no connection
  /// is idle while the next are being taken; and not one by one, for each time is a transaction.
  [[nodiscard]] int wanted(SteadyClock::time_point now) const {
    const int ahead = std::max(kAheadMin, options_.concurrency);
    const int room = options_.concurrency + ahead - out_;
    return room < ahead / 2 ? 0 : breaker_.allowed(room, now);
  }

  /// How many more calls may begin now.
  [[nodiscard]] int free_slots() const { return options_.concurrency - calling_; }
  /// As free_slots(), without those that what waits here will take.
  [[nodiscard]] int open_slots() const {
    return std::max(0, free_slots() - static_cast<int>(waiting_.size()));
  }

  /// Keeps one that was taken until a slot is free for it.
  void keep(storage::ClaimedDelivery&& delivery, Urgency urgency) {
    if (urgency == Urgency::kAwaited) {
      waiting_.push_front(std::move(delivery));
    } else {
      waiting_.push_back(std::move(delivery));
    }
  }
  /// Lets go of the first that waits; nothing where none does.
  [[nodiscard]] std::optional<storage::ClaimedDelivery> next() {
    if (waiting_.empty()) return std::nullopt;
    std::optional<storage::ClaimedDelivery> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
  }

  /// A delivery was taken for this handler.
  void took() { ++out_; }
  /// One that was taken is over, or was given back.
  void over() { --out_; }

  void send(storage::ClaimedDelivery&& delivery, Urgency urgency, SteadyClock::time_point now) {
    if (breaker_.began(now)) probe_ = delivery.lease.delivery_id;
    ++calling_;
    sender_->send(std::move(delivery), urgency);
  }
  /// A call that was sent is over.
  void call_ended() { --calling_; }
  /// Drops one unless its call has begun. \return whether it did.
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
  /// Gives back all whose call has not begun.
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() {
    auto unbegun = sender_->take_back();
    calling_ -= static_cast<int>(unbegun.size());
    for (const storage::ClaimedDelivery& delivery : unbegun) {
      if (delivery.lease.delivery_id == probe_) breaker_.abandoned();
    }
    std::ranges::move(waiting_, std::back_inserter(unbegun));
    waiting_.clear();
    return unbegun;
  }

 private:
  static constexpr int kAheadMin = 256;

  LaneOptions options_;
  std::unique_ptr<Sender> sender_;
  CircuitBreaker breaker_;
  std::int64_t probe_ = 0;  ///< the delivery that went as the breaker's last probe
  int out_ = 0;
  int calling_ = 0;                               ///< of these, in the sender's hands
  std::deque<storage::ClaimedDelivery> waiting_;  ///< of these, for a free slot
};

}  // namespace couponhook::server
