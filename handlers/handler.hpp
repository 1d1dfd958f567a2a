#pragma once

/// \file
/// The interface of a handler: the code that couponhook calls for each stored event.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

/// One stored event, as passed to a handler. The members are views whose text exists only during
/// the call.
struct HandledEvent {
  /// Id of the notification. The id is the same at every delivery attempt, so a handler can use it
  /// as idempotency key.
  std::string_view notification_id;
  std::string_view mchid;
  std::string_view event_type;
  /// Field create_time of the notification, as text in the form that WeChat Pay wrote.
  std::string_view create_time;
  /// Time at which couponhook received the notification, in milliseconds since the Unix epoch.
  std::int64_t received_at_ms;
  /// "notification" if WeChat Pay sent the event. "reconcile" if couponhook found the event in
  /// WeChat Pay's own records and WeChat Pay's notification was missing.
  std::string_view source;
  std::string_view resource;  ///< decrypted part of the notification: the event's data as JSON
  const CouponEvent& event;
  /// Key for the order of handler calls: events with the same key, normally events of the same
  /// coupon, are handled one after the other.
  std::string_view ordering_key;
  int attempt = 1;
};

/// Result of a handler call: the event was handled.
struct Done {};
/// Result of a handler call: the delivery of the event failed and is tried again. The wait before
/// the next attempt follows the handler's backoff, but is at least `after`.
///
/// `reason` says why the delivery failed; it is logged, and stored with the delivery. `detail` is
/// the answer of the other system; it is stored too, but never logged, because it may contain
/// personal data. A handler must keep `detail` short and printable.
struct Retry {
  std::string reason;
  std::optional<std::chrono::seconds> after;
  std::string detail{};
};
/// Result of a handler call: the delivery of the event failed for good and becomes a dead letter. A
/// person can then retry or drop the delivery with a command of couponhook. `reason` and `detail`
/// have the same meaning as in Retry.
struct Dead {
  std::string reason;
  std::string detail{};
};
using Outcome = std::variant<Done, Retry, Dead>;

/// Base class of handlers. couponhook calls handle() for every event that matches the handler's
/// event patterns, after the event was committed to the store, at least once. A handler can get an
/// event with the same notification_id again: after a crash, a timeout, or a lost reply.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Handles one event and returns the result. Worker threads call this function: at the same time
  /// for events of different coupons, one after the other for events of the same coupon. An
  /// exception counts as Retry.
  [[nodiscard]] virtual Outcome handle(const HandledEvent& event) = 0;
};

}  // namespace couponhook::handlers
