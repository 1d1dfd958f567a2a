#pragma once

/// \file
/// What the books say, as WeChat Pay writes it into notifications and replies.

#include <string>

#include "sandbox/local/notification_maker.hpp"
#include "sandbox/books.hpp"
#include "sandbox/json_text.hpp"

namespace couponhook::server::sandbox {

/// The members of a 代金券: the resource of COUPON.USE, and what queries give (protocol reference,
/// section 3.1).
void write_coupon(const Books& books, const Coupon& coupon, Time now, JsonText& json);

/// "SENDED", "USED" or "EXPIRED".
[[nodiscard]] std::string_view status_of(const Books& books, const Coupon& coupon, Time now);

// Drafts of what happened, with an id each (sections 3.1 to 3.3).
[[nodiscard]] Draft redemption_draft(const Books& books, const Transaction& paid, std::string id);
[[nodiscard]] Draft issue_draft(const Coupon& coupon, std::string id);
[[nodiscard]] Draft refund_draft(const Transaction& paid, const Refund& refund, std::string id);
/// The self-test's callback: it brings back the message.
[[nodiscard]] Draft echo_draft(const std::string& message, Time now, std::string id);

}  // namespace couponhook::server::sandbox
