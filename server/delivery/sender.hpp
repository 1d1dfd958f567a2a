#pragma once

/// \file
/// Interface between the delivery worker, which reads deliveries from the database, and the
/// senders, which call handlers.

#include <cstdint>
#include <vector>

#include "handlers/handler.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// The result of a finished call of a handler.
struct Called {
  storage::ClaimedDelivery delivery;
  handlers::Outcome outcome;
  /// True if the target is up and replied, even if it refused this event. The circuit breaker
  /// counts this value, not the outcome of the call.
  bool target_answers = true;
  std::int64_t began_at_ms = 0;
  std::int64_t took_us = 0;
};

/// Receives the results of finished calls of handlers. May be called from any thread; must return
/// at once.
class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual void called(Called&& call) noexcept = 0;
};

enum class Priority : std::uint8_t {
  kNormal,
  /// A reply to WeChat Pay waits for this delivery, so it is made before ordinary deliveries.
  kReplyWaits,
};

/// Calls one handler. The number of calls at the same time is limited; further deliveries wait in a
/// queue. Every delivery passed to send() comes back exactly once: to the CallListener, or from
/// take_back(). Thread-safe.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual void send(storage::ClaimedDelivery&& delivery, Priority priority) = 0;
  /// Removes and returns all deliveries for which the handler's call has not begun.
  [[nodiscard]] virtual std::vector<storage::ClaimedDelivery> take_back() = 0;
  /// Removes one delivery if the handler's call for it has not begun. \return true if the delivery
  /// was removed.
  [[nodiscard]] virtual bool take_back(std::int64_t delivery_id) = 0;
};

/// Converts a delivery to the event that a handler receives. Both arguments must outlive the
/// result.
[[nodiscard]] inline handlers::HandledEvent as_event(const storage::ClaimedDelivery& delivery,
                                                     const handlers::CouponEvent& event) {
  return {delivery.notification_id, delivery.mchid,
          delivery.event_type,      delivery.create_time,
          delivery.created_at_ms,   delivery.source,
          delivery.resource,        event,
          delivery.ordering_key,    static_cast<int>(delivery.attempt)};
}

}  // namespace couponhook::server
