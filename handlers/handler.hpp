#pragma once

/// \file
/// The interface of a handler: couponhook calls a handler for each event.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

/// One committed event, as passed to a handler. All views are valid only during the call.
struct HandledEvent {
  std::string_view notification_id;  ///< the idempotency key: the same at every attempt
  std::string_view mchid;
  std::string_view event_type;
  std::string_view create_time;  ///< the time as text, as WeChat Pay wrote it
  std::int64_t received_at_ms;   ///< time of receipt, milliseconds since the Unix epoch
  std::string_view source;    ///< "notification"; or "reconcile" if reconciliation found the event
  std::string_view resource;  ///< the decrypted resource, JSON
  const CouponEvent& event;
  std::string_view ordering_key;  ///< events with one key (one coupon) are handled in order
  int attempt = 1;
};

/// The event was handled.
struct Done {};
/// The delivery failed and is tried again, by the handler's backoff or no sooner than `after`.
///
/// `reason` says why, and is logged and stored with the delivery for operators. `detail` is what
/// the other system answered: stored too, but never logged, because it may hold personal data. A
/// handler keeps `detail` short and printable.
struct Retry {
  std::string reason;
  std::optional<std::chrono::seconds> after;
  std::string detail{};
};
/// The delivery failed for good and becomes a dead letter. An operator retries or drops it.
/// `reason` and `detail` are as in Retry.
struct Dead {
  std::string reason;
  std::string detail{};
};
using Outcome = std::variant<Done, Retry, Dead>;

/// Base class of handlers. couponhook calls handle() for every event that matches the handler's
/// event patterns, after the commit, at least once. The same event (same notification_id) can come
/// again: after a crash, a timeout, or a lost reply.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Handles one event and returns the outcome. Worker threads call this function: in parallel for
  /// different coupons, one event at a time for one coupon. An exception counts as Retry.
  [[nodiscard]] virtual Outcome handle(const HandledEvent& event) = 0;
};

}  // namespace couponhook::handlers
