#pragma once

/// \file
/// How a handler is told: the seam between the worker, which knows the store, and the outside.

#include <cstdint>
#include <vector>

#include "handlers/handler.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// A call that is over.
struct Called {
  storage::ClaimedDelivery delivery;
  handlers::Outcome outcome;
  /// Whether the target is there and able to answer, whatever it thinks of this event: what the
  /// circuit breaker goes by.
  bool target_answers = true;
  std::int64_t began_at_ms = 0;
  std::int64_t took_us = 0;
};

/// Told when a call is over. Called from any thread; returns at once.
class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual void called(Called&& call) noexcept = 0;
};

enum class Urgency : std::uint8_t {
  kOrdinary,
  kAwaited,  ///< a reply to WeChat Pay waits for it: goes before what is ordinary
};

/// Tells one handler, a limited number of calls at a time; what is more waits in its queue. Every
/// delivery handed in comes out once, to the CallListener or out of take_back(). Thread-safe.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual void send(storage::ClaimedDelivery&& delivery, Urgency urgency) = 0;
  /// Gives back what has not begun.
  [[nodiscard]] virtual std::vector<storage::ClaimedDelivery> take_back() = 0;
  /// Drops this one unless it has begun. \return whether it did.
  [[nodiscard]] virtual bool take_back(std::int64_t delivery_id) = 0;
};

/// A delivery as a handler sees it. Both arguments must outlive the result.
[[nodiscard]] inline handlers::HandledEvent as_event(const storage::ClaimedDelivery& delivery,
                                                     const handlers::CouponEvent& event) {
  return {delivery.notification_id, delivery.mchid,
          delivery.event_type,      delivery.create_time,
          delivery.created_at_ms,   delivery.source,
          delivery.resource,        event,
          delivery.ordering_key,    static_cast<int>(delivery.attempt)};
}

}  // namespace couponhook::server
