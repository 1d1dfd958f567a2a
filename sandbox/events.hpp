#pragma once

/// \file
/// Writes the sandbox's records in WeChat Pay's format, as notifications and replies.

#include <string>

#include "sandbox/books.hpp"
#include "sandbox/json_writer.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server::sandbox {

/// Writes the members of a 代金券: the resource of a COUPON.USE notification, and an item in
/// replies to coupon queries (protocol reference, section 3.1).
void write_coupon(const Books& books, const Coupon& coupon, Time now, JsonWriter& json);

/// Returns "SENDED", "USED" or "EXPIRED".
[[nodiscard]] std::string_view status_of(const Books& books, const Coupon& coupon, Time now);

// Each function makes the draft of a notification about one event, before sealing and signing, with
// the given id (protocol reference, sections 3.1 to 3.3).
[[nodiscard]] Draft redemption_draft(const Books& books, const Transaction& paid, std::string id);
[[nodiscard]] Draft issue_draft(const Coupon& coupon, std::string id);
[[nodiscard]] Draft refund_draft(const Transaction& paid, const Refund& refund, std::string id);
/// Makes the draft of the callback of POST /v3/security/echo, which brings the message back.
[[nodiscard]] Draft echo_draft(const std::string& message, Time now, std::string id);

}  // namespace couponhook::server::sandbox
