#pragma once

/// \file
/// Kinds of facts about coupons, as the ledger and WeChat Pay's own records name them.

#include <cstdint>
#include <optional>
#include <string_view>

namespace couponhook::base {

/// The kind of a fact: a coupon was issued or redeemed, or a payment was refunded.
enum class FactKind : std::uint8_t { kIssue, kRedeem, kRefund };

/// Returns the kind as text, as it is stored in the ledger: "issue", "redeem" or "refund".
[[nodiscard]] std::string_view to_string(FactKind kind);
/// Returns the kind with this name; nothing if there is none.
[[nodiscard]] std::optional<FactKind> parse_fact_kind(std::string_view text);

}  // namespace couponhook::base
