#pragma once

/// \file
/// Converts the sandbox's records (coupons, payments, refunds) to the JSON that WeChat Pay sends in
/// notifications and API replies.

#include <string>

#include "sandbox/books.hpp"
#include "sandbox/json_writer.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server::sandbox {

/// Writes the JSON members of a 代金券. COUPON.USE notifications contain them as the resource (the
/// encrypted part), and replies to coupon queries contain them for each coupon.
void write_coupon(const Books& books, const Coupon& coupon, Time now, JsonWriter& json);

/// Returns the status of a coupon as WeChat Pay spells it: "SENDED", "USED" or "EXPIRED".
[[nodiscard]] std::string_view status_of(const Books& books, const Coupon& coupon, Time now);

// Each of these functions makes the draft of a notification about one event: its content before
// encryption and signing. `id` becomes the notification's id.
[[nodiscard]] Draft redemption_draft(const Books& books, const Transaction& paid, std::string id);
[[nodiscard]] Draft issue_draft(const Coupon& coupon, std::string id);
[[nodiscard]] Draft refund_draft(const Transaction& paid, const Refund& refund, std::string id);
/// Makes the draft of the notification that POST /v3/security/echo causes. The notification
/// contains the `message` of the request.
[[nodiscard]] Draft echo_draft(const std::string& message, Time now, std::string id);

}  // namespace couponhook::server::sandbox
