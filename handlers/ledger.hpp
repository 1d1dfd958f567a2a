#pragma once

/// \file
/// The ledger: the history of each coupon (issued, redeemed, refunded), correct even if its events
/// arrive in any order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fact_kind.hpp"
#include "handlers/coupon_event.hpp"

namespace couponhook::handlers {

/// One fact of the ledger: a coupon was issued or redeemed, or a payment was refunded. Facts are
/// only added, never changed, and a fact with the same business key is added only once. couponhook
/// computes the state of a coupon from its facts when somebody asks for the state. So the order of
/// notifications and repeated notifications do not matter.
struct LedgerEntry {
  base::FactKind kind;
  /// Stock of the coupon; empty for refunds, which name a transaction and no coupon.
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
[[nodiscard]] bool precedes_in_history(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
