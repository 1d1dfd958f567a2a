#pragma once

/// \file
/// Event types that the ledger (the stored coupon issuings, redemptions and refunds) must record
/// before it can be compared with WeChat Pay's own records.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "handlers/registry.hpp"

namespace couponhook::server {

/// Event types that WeChat Pay's own records contain: kFlowEvents in the flow files (settlement
/// files) of a coupon stock, kUserEvents in the coupon lists of users.
inline constexpr std::array<std::string_view, 2> kFlowEvents{"COUPON.USE", "REFUND.SUCCESS"};
inline constexpr std::array<std::string_view, 2> kUserEvents{"COUPON.SEND", "COUPON.USE"};

/// Checks that the ledger (the stored coupon issuings, redemptions and refunds) records events of
/// these types. Without such a ledger, reconciliation would find the same events missing at each
/// comparison, and store them again each time.
/// \return the problem and its solution; empty if the ledger records all of the events.
[[nodiscard]] std::string why_ledger_is_short(const handlers::Registry& ledger,
                                              std::span<const std::string_view> events);

}  // namespace couponhook::server
