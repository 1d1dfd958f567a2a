#pragma once

/// \file
/// Converts the records of the sandbox (coupons, payments, refunds of a simulated WeChat Pay) to
/// the JSON that WeChat Pay sends in notifications and API replies.

#include <string>

#include "sandbox/coupon_records.hpp"
#include "sandbox/json_writer.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server::sandbox {

/// Writes the JSON members that describe a 代金券. They form the encrypted part of COUPON.USE
/// notifications, and describe each coupon in replies to coupon queries.
void write_coupon(const CouponRecords& records, const Coupon& coupon, Time now, JsonWriter& json);

/// Returns the status of a coupon as WeChat Pay spells it: "SENDED", "USED" or "EXPIRED".
[[nodiscard]] std::string_view status_of(const CouponRecords& records, const Coupon& coupon,
                                         Time now);

// Each of the next functions makes the draft of a notification about one event: the notification's
// content before encryption and signing. `id` becomes the id of the notification.
[[nodiscard]] Draft redemption_draft(const CouponRecords& records, const Transaction& paid,
                                     std::string id);
[[nodiscard]] Draft issue_draft(const Coupon& coupon, std::string id);
[[nodiscard]] Draft refund_draft(const Transaction& paid, const Refund& refund, std::string id);
/// Makes the draft of the test notification that a request to POST /v3/security/echo causes. The
/// notification contains the `message` of the request.
[[nodiscard]] Draft echo_draft(const std::string& message, Time now, std::string id);

}  // namespace couponhook::server::sandbox
