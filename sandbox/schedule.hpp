#pragma once

/// \file
/// How often WeChat Pay sends a notification that nobody acknowledges.

#include <chrono>
#include <span>
#include <string_view>

namespace couponhook::server::sandbox {

/// The pauses between the sends of one notification, the first of which follows at once. There is
/// one send more than there are pauses.
///
/// Source: the pages of each event (protocol reference, section 1.10): COUPON.USE once a minute, 9
/// times; COUPON.SEND once a minute, 11 times; everything else 15 times within about a day. The
/// last schedule's first pause stands before its first send, and is left out.
[[nodiscard]] std::span<const std::chrono::seconds> schedule_of(std::string_view event_type);

}  // namespace couponhook::server::sandbox
