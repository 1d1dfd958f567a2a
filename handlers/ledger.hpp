#pragma once

/// \file
/// The ledger: the history of each coupon (issued, redeemed, refunded), correct even if its events
/// arrive in any order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

enum class LedgerKind : std::uint8_t { kIssue, kRedeem, kRefund };
/// Returns the kind of a ledger entry as text: "issue", "redeem" or "refund".
[[nodiscard]] std::string_view to_string(LedgerKind kind);
[[nodiscard]] std::optional<LedgerKind> parse_ledger_kind(std::string_view text);

/// One fact of the ledger: a coupon was issued or redeemed, or a payment was refunded. Facts are
/// only added, never changed, and a fact with the same business key is added only once. couponhook
/// computes the state of a coupon from its facts when somebody asks for the state. So the order of
/// notifications and repeated notifications do not matter.
struct LedgerEntry {
  LedgerKind kind;
  /// Id of the coupon's stock (batch of coupons). Empty for a refund: its event contains the id of
  /// the payment, but no coupon.
  std::string stock_id;
  std::string coupon;  ///< coupon_id or coupon_code of the event; empty for a refund
  /// Id of the payment. Empty for the issuing of a coupon, because it has no payment.
  std::string transaction_id;
  /// Key that identifies the fact, even if the fact arrives again under another notification id.
  /// The key is "stock/code" for the issuing of a coupon, "coupon/transaction" for a redemption (a
  /// MULTIUSE coupon can have several redemptions), and "refund/STATUS" for a refund.
  std::string business_key;
  std::string occurred_at;  ///< time of the event, as text in the form that WeChat Pay wrote
};

/// Makes the ledger entry of an event.
/// \param event the event; its strings are moved into the entry. If the caller does not need the
///   event afterwards, use std::move(event) as the argument.
/// \param create_time create_time of the notification; used if the event itself contains no time (a
///   failed refund).
/// \return the ledger entry; nothing if the event is an OtherEvent, which changes no coupon.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(CouponEvent event,
                                                      std::string_view create_time);

enum class CouponState : std::uint8_t { kIssued, kRedeemed, kRefunded };
/// Returns the state of a coupon as text: "issued", "redeemed" or "refunded".
[[nodiscard]] std::string_view to_string(CouponState state);

/// Computes the state of a coupon from its history. "Issued": the coupon has no redemption yet.
/// "Redeemed": at least one payment in which the coupon was redeemed has no successful refund.
/// "Refunded": every such payment has a successful refund. Closed and abnormal refunds are part of
/// the history, but do not change the state.
/// \param history ledger entries of the coupon: its issuing, its redemptions, and the refunds of
///   the payments, in any order.
[[nodiscard]] CouponState derive_state(std::span<const LedgerEntry> history);

/// Returns true if the ledger entry `a` is shown before the entry `b` in a coupon's history.
/// Entries are sorted by time, then by kind (issued, redeemed, refunded), then by business key. No
/// two different entries count as equal, so the same entries are always shown in the same order.
[[nodiscard]] bool told_before(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
