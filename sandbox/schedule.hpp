#pragma once

/// \file
/// WeChat Pay's retry schedule: the times at which a notification is sent again if the receiver has
/// not acknowledged it.

#include <chrono>
#include <span>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns the pauses between two sends of a notification that is not acknowledged. There is no
/// pause before the first send, so the number of sends is the number of pauses plus one.
///
/// Source: WeChat Pay's documentation of each event: COUPON.USE is sent once a minute, 9 times;
/// COUPON.SEND once a minute, 11 times; notifications of all other events 15 times within about a
/// day. For these other events, WeChat Pay also documents a pause before the first send; the
/// sandbox leaves this pause out.
[[nodiscard]] std::span<const std::chrono::seconds> schedule_of(std::string_view event_type);

}  // namespace couponhook::server::sandbox
