#pragma once

/// \file
/// Lets replies to WeChat Pay wait until handlers have finished (ack = "handled").

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/task.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// Result of waiting for the handlers of a notification.
enum class Handled : std::uint8_t {
  kDone,    ///< all requested handlers are done, and the result is stored
  kFailed,  ///< at least one handler failed, or an operator has paused the delivery
  /// No result in time: another replica has the delivery, an earlier event of the coupon is not
  /// done, or the service is stopping.
  kNotYet,
};

/// Callback for the result of a HandledRequest.
class HandledListener {
 public:
  virtual ~HandledListener() = default;
  /// Called once, on the delivery worker's thread. Must return quickly: post slow work to another
  /// thread.
  virtual void handled(Handled result) noexcept = 0;
};

/// Asks for the deliveries of one notification to some handlers, to be made now.
struct HandledRequest {
  std::string mchid;
  std::string notification_id;
  std::vector<std::string_view> handlers;  ///< handler names; must live as long as the worker
  /// New deliveries that the admitting transaction has already leased to this replica. Empty for a
  /// repeated notification, whose deliveries are looked up in the store.
  std::vector<storage::ClaimedDelivery> leased_at_admission;
  std::shared_ptr<HandledListener> listener;
  /// Time after which the listener no longer waits.
  SteadyClock::time_point until = SteadyClock::time_point::max();
};

/// Makes the deliveries of a notification at once. A delivery is never called twice at the same
/// time: a second request for it waits for the call that is running. If a delivery cannot be made
/// at once, the listener is called when this or another replica has made it, as long as the
/// listener waits. Thread-safe.
class DeliveryWaiter {
 public:
  virtual ~DeliveryWaiter() = default;
  virtual void handle(HandledRequest&& request) = 0;
};

}  // namespace couponhook::server
