#pragma once

/// \file
/// One handler as the worker sees it.

#include <algorithm>
#include <cstdint>
#include <memory>
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

/// Counts what is out for one handler and asks its circuit breaker. Used on the worker's thread.
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

  /// A delivery was taken for this handler.
  void took() { ++out_; }
  /// One that was taken is over, or was given back.
  void over() { --out_; }

  void send(storage::ClaimedDelivery&& delivery, Urgency urgency, SteadyClock::time_point now) {
    if (breaker_.began(now)) probe_ = delivery.lease.delivery_id;
    sender_->send(std::move(delivery), urgency);
  }
  /// Drops one unless its call has begun. \return whether it did.
  [[nodiscard]] bool take_back(std::int64_t delivery_id) {
    const bool dropped = sender_->take_back(delivery_id);
    if (dropped && delivery_id == probe_) breaker_.abandoned();
    return dropped;
  }
  /// Gives back all whose call has not begun.
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() {
    auto unbegun = sender_->take_back();
    for (const storage::ClaimedDelivery& delivery : unbegun) {
      if (delivery.lease.delivery_id == probe_) breaker_.abandoned();
    }
    return unbegun;
  }

 private:
  static constexpr int kAheadMin = 256;

  LaneOptions options_;
  std::unique_ptr<Sender> sender_;
  CircuitBreaker breaker_;
  std::int64_t probe_ = 0;  ///< the delivery that went as the breaker's last probe
  int out_ = 0;
};

}  // namespace couponhook::server
