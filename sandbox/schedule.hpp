#pragma once

/// \file
/// WeChat Pay's retry schedule: the times at which it sends a notification again if the receiver
/// has not acknowledged the notification.

#include <chrono>
#include <span>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns the pauses between two sends of an unacknowledged notification. The first send has no
/// pause before it, so the number of sends is the number of pauses plus one.
///
/// Source: WeChat Pay's documentation of each event: COUPON.USE is sent once a minute, 9 times;
/// COUPON.SEND once a minute, 11 times; all other events 15 times within about a day. For these
/// other events, WeChat Pay also documents a pause before the first send; the sandbox leaves this
/// pause out.
[[nodiscard]] std::span<const std::chrono::seconds> schedule_of(std::string_view event_type);

}  // namespace couponhook::server::sandbox
