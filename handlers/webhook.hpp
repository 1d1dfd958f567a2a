#pragma once

/// \file
/// Type and body of the webhook that couponhook sends to a merchant's own system.

#include <string>
#include <string_view>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// The event's name in webhooks: coupon.issued, coupon.redeemed, refund.succeeded, refund.abnormal
/// or refund.closed. Any other event type is written in lower case.
[[nodiscard]] std::string webhook_type(std::string_view event_type);

/// The webhook body:
/// {"type","timestamp","data":{"notification_id","mchid","event_type","create_time",
/// "source","resource"}}. Every attempt sends the same bytes, so a receiver may compare bodies.
/// "timestamp" is WeChat Pay's create_time in RFC 3339, or the time of receipt if create_time
/// cannot be parsed.
[[nodiscard]] std::string webhook_body(const HandledEvent& event);

}  // namespace couponhook::handlers
