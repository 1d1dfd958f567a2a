#pragma once

/// \file
/// What comparing with WeChat Pay's books needs of the ledger.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "handlers/registry.hpp"

namespace couponhook::server {

/// What a flow of a stock tells of, and what users' coupons do.
inline constexpr std::array<std::string_view, 2> kFlowEvents{"COUPON.USE", "REFUND.SUCCESS"};
inline constexpr std::array<std::string_view, 2> kUserEvents{"COUPON.SEND", "COUPON.USE"};

/// Without a ledger that keeps these events, what was admitted would be missing again at every
/// look.
/// \return what is wrong and what to do about it; empty where all are kept.
[[nodiscard]] std::string why_ledger_is_short(const handlers::Registry& ledger,
                                              std::span<const std::string_view> events);

}  // namespace couponhook::server
