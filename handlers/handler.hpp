#pragma once

/// \file
/// The interface that a handler implements to be told of events.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

/// One committed event, as a handler sees it. The views are valid during the call.
struct HandledEvent {
  std::string_view notification_id;  ///< the idempotency key: the same at every attempt
  std::string_view mchid;
  std::string_view event_type;
  std::string_view create_time;  ///< as WeChat Pay wrote it
  std::int64_t received_at_ms;   ///< milliseconds since the Unix epoch
  std::string_view source;  ///< "notification", or "reconcile" where WeChat Pay never delivered it
  std::string_view resource;  ///< the decrypted JSON
  const CouponEvent& event;
  std::string_view ordering_key;  ///< of one coupon, one event at a time is told, in order
  int attempt = 1;
};

/// `detail` is what the other side said, in its own words: kept with the delivery for operators, as
/// `reason` is, but never logged, since it may hold people's data. Bounded and printable.
struct Done {};
/// Try again later, by the handler's own schedule or no sooner than `after`.
struct Retry {
  std::string reason;
  std::optional<std::chrono::seconds> after;
  std::string detail{};
};
/// Never try again; an operator decides.
struct Dead {
  std::string reason;
  std::string detail{};
};
using Outcome = std::variant<Done, Retry, Dead>;

/// Told of every event that its patterns match, after the commit, at least once. An event may come
/// again with the same notification_id: after a crash, a time-out, or a reply that was lost.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Does the work and says how it went. Called from a worker's thread, for different coupons at
  /// once, for one coupon one event at a time. An exception counts as Retry.
  [[nodiscard]] virtual Outcome handle(const HandledEvent& event) = 0;
};

}  // namespace couponhook::handlers
