#pragma once

/// \file
/// What a merchant's own system is sent of an event.

#include <string>
#include <string_view>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// The event's name in the outgoing world: coupon.issued, coupon.redeemed, refund.succeeded,
/// refund.abnormal, refund.closed; any other event type in lower case.
[[nodiscard]] std::string webhook_type(std::string_view event_type);

/// The body: {"type","timestamp","data":{"notification_id","mchid","event_type","create_time",
/// "source","resource"}}. The same bytes at every attempt, so that a receiver may compare them.
/// "timestamp" is when the event was made, in RFC 3339; when it was received, where WeChat Pay's
/// create_time is none that can be read.
[[nodiscard]] std::string webhook_body(const HandledEvent& event);

}  // namespace couponhook::handlers
