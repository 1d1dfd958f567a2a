#pragma once

/// \file
/// The ledger: what has happened to each coupon, whatever order the news came in.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

enum class LedgerKind : std::uint8_t { kIssue, kRedeem, kRefund };
[[nodiscard]] std::string_view to_string(LedgerKind kind);  ///< issue, redeem, refund
[[nodiscard]] std::optional<LedgerKind> parse_ledger_kind(std::string_view text);

/// One fact. Facts are only ever added, each once by its business key; a coupon's state is derived
/// from them when it is asked for. That is why order, copies and repeats cannot matter.
struct LedgerEntry {
  LedgerKind kind;
  std::string stock_id;        ///< empty for refunds: they name a transaction, not a coupon
  std::string coupon;          ///< coupon_id or coupon_code; empty for refunds
  std::string transaction_id;  ///< empty for issues
  /// What makes the fact the same fact under another notification id: "stock/code" for an issue,
  /// "coupon/transaction" for a redemption (MULTIUSE coupons have several), "refund/STATUS" for a
  /// refund.
  std::string business_key;
  std::string occurred_at;  ///< as WeChat Pay wrote it
};

/// \param event taken apart: give it away where it is not needed any more.
/// \param create_time of the envelope, for facts that carry no time of their own (a failed refund).
/// \return nothing where the event is no step in a coupon's life.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(CouponEvent event,
                                                      std::string_view create_time);

enum class CouponState : std::uint8_t { kIssued, kRedeemed, kRefunded };
[[nodiscard]] std::string_view to_string(CouponState state);  ///< issued, redeemed, refunded

/// A coupon is refunded once every transaction that redeemed it has a successful refund; redeemed
/// as long as one has none; issued before any redemption. Refunds that were closed or are abnormal
/// are history and change nothing.
/// \param history the coupon's issues and redemptions and its transactions' refunds, in any order.
[[nodiscard]] CouponState derive_state(std::span<const LedgerEntry> history);

/// The order in which to tell a history: by time, then issue before redemption before refund, then
/// by key. Total, so that the same facts always read the same.
[[nodiscard]] bool told_before(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
