#pragma once

/// \file
/// Makes the type and the body of the webhooks that couponhook sends to a merchant's own system.

#include <string>
#include <string_view>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// Returns the name of an event type in webhooks: coupon.issued, coupon.redeemed, refund.succeeded,
/// refund.abnormal or refund.closed. The name of any other event type is the event type in lower
/// case.
[[nodiscard]] std::string webhook_type(std::string_view event_type);

/// Returns the body of the webhook for an event:
/// {"type","timestamp","data":{"notification_id","mchid","event_type","create_time",
/// "source","resource"}}.
/// "data" of a refund also has "refund": {"refund_id","status","total","refund","payer_total",
/// "payer_refund","coupon_refund"} in fen, if the event has sound amounts, and within it
/// "coupons": [{"coupon_id","amount","refund_amount"}], if the shares of coupons are known.
/// Every delivery attempt sends the same bytes, so a receiver may compare bodies. "timestamp" is
/// the create_time of WeChat Pay's notification in RFC 3339, or the time at which couponhook
/// received the notification if create_time cannot be parsed.
[[nodiscard]] std::string webhook_body(const HandledEvent& event);

}  // namespace couponhook::handlers
