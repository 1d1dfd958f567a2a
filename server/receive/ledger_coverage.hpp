#pragma once

/// \file
/// Event types that the ledger must record before the store can be compared with WeChat Pay's
/// records.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "handlers/registry.hpp"

namespace couponhook::server {

/// Event types that a stock's flow files report, and event types that users' coupon lists report.
inline constexpr std::array<std::string_view, 2> kFlowEvents{"COUPON.USE", "REFUND.SUCCESS"};
inline constexpr std::array<std::string_view, 2> kUserEvents{"COUPON.SEND", "COUPON.USE"};

/// Checks that the ledger records these events. Without such a ledger, reconciliation would store
/// the same events again and find them missing at each comparison.
/// \return the problem and its solution; empty when the ledger records all of the events.
[[nodiscard]] std::string why_ledger_is_short(const handlers::Registry& ledger,
                                              std::span<const std::string_view> events);

}  // namespace couponhook::server
