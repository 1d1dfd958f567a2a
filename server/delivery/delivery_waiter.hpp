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

/// Result of waiting until the handlers of a notification are done.
enum class Handled : std::uint8_t {
  kDone,  ///< all requested handlers are done, and the result is stored
  /// At least one handler failed, or an operator has paused the delivery.
  kFailed,
  /// The handlers have no result in time: another replica makes the delivery, an earlier event of
  /// the coupon is not done, or the service is stopping.
  kNotYet,
};

/// Callback that gets the result of a HandledRequest, a request to wait for handlers.
class HandledListener {
 public:
  virtual ~HandledListener() = default;
  /// Called once, on the delivery worker's thread, with the result of the handlers. Must return
  /// quickly: post slow work to another thread.
  virtual void handled(Handled result) noexcept = 0;
};

/// Request to the delivery worker: make a notification's deliveries to some handlers now.
struct HandledRequest {
  std::string mchid;
  std::string notification_id;
  /// names of the handlers to call; the texts must live as long as the delivery worker
  std::vector<std::string_view> handlers;
  /// New deliveries that were stored together with the notification, with a lease of this replica.
  /// Empty for a repeated notification, whose deliveries are looked up in the store.
  std::vector<storage::ClaimedDelivery> leased_at_admission;
  std::shared_ptr<HandledListener> listener;
  /// Time after which the listener (the reply to WeChat Pay) no longer waits for the result.
  SteadyClock::time_point until = SteadyClock::time_point::max();
};

/// Makes the deliveries of a notification at once. A handler is never called twice at the same time
/// for the same delivery: a second request for the delivery waits for the call that is running. If
/// a delivery cannot be made at once, the request's listener is called when this or another replica
/// has made the delivery, as long as the listener waits. Thread-safe.
class DeliveryWaiter {
 public:
  virtual ~DeliveryWaiter() = default;
  virtual void handle(HandledRequest&& request) = 0;
};

}  // namespace couponhook::server
