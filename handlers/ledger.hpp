#pragma once

/// \file
/// The ledger: the history of each coupon, correct for events in any order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

enum class LedgerKind : std::uint8_t { kIssue, kRedeem, kRefund };
[[nodiscard]] std::string_view to_string(LedgerKind kind);  ///< issue, redeem or refund
[[nodiscard]] std::optional<LedgerKind> parse_ledger_kind(std::string_view text);

/// One fact of the ledger. Facts are only added, never changed, and each business key is added
/// once. The state of a coupon is derived from its facts when it is queried. So order, copies
/// and repetitions of notifications do not matter.
struct LedgerEntry {
  LedgerKind kind;
  std::string stock_id;        ///< empty for refunds: a refund names a transaction, not a coupon
  std::string coupon;          ///< coupon_id or coupon_code of the event; empty for refunds
  std::string transaction_id;  ///< empty for issues: no payment is involved
  /// Identifies the fact, even if it arrives again under another notification id: "stock/code" for
  /// an issue, "coupon/transaction" for a redemption (a MULTIUSE coupon has several),
  /// "refund/STATUS" for a refund.
  std::string business_key;
  std::string occurred_at;  ///< time of the fact, as WeChat Pay wrote it
};

/// Makes the ledger entry of an event.
/// \param event passed by value, and its strings are moved into the entry. Move the event into the
///   call if it is not needed afterwards.
/// \param create_time of the envelope; used if the event has no time of its own (a failed refund).
/// \return nothing for an OtherEvent.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(CouponEvent event,
                                                      std::string_view create_time);

enum class CouponState : std::uint8_t { kIssued, kRedeemed, kRefunded };
[[nodiscard]] std::string_view to_string(CouponState state);  ///< issued, redeemed or refunded

/// Derives the state of a coupon. "Issued": no redemption yet. "Redeemed": at least one transaction
/// that redeemed the coupon has no successful refund. "Refunded": every such transaction has a
/// successful refund. Closed and abnormal refunds are part of the history, but do not change the
/// state.
/// \param history issues and redemptions of the coupon, and refunds of its transactions, in any
///   order.
[[nodiscard]] CouponState derive_state(std::span<const LedgerEntry> history);

/// Sort order for showing a history: by time, then issue before redemption before refund, then by
/// key. A total order, so the same facts are always shown in the same order.
[[nodiscard]] bool told_before(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
