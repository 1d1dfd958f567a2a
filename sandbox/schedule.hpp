#pragma once

/// \file
/// WeChat Pay's retry schedule for notifications that no receiver acknowledges.

#include <chrono>
#include <span>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns the pauses between the sends of one notification. The first send has no pause before it,
/// so there is one send more than there are pauses.
///
/// Source: the pages of each event (protocol reference, section 1.10): COUPON.USE once a minute, 9
/// times; COUPON.SEND once a minute, 11 times; all other events 15 times within about a day. For
/// these other events, WeChat Pay also documents a pause before the first send; it is left out
/// here.
[[nodiscard]] std::span<const std::chrono::seconds> schedule_of(std::string_view event_type);

}  // namespace couponhook::server::sandbox
