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
/// only added, never changed, and a fact with the same business key is added only once. The state
/// of a coupon is derived from its facts when it is queried. So the order and the copies of
/// notifications do not matter.
struct LedgerEntry {
  base::FactKind kind;
  /// Stock of the coupon; empty for refunds, which name a transaction and no coupon.
  std::string stock_id;
  std::string coupon;  ///< coupon_id or coupon_code of the event; empty for refunds
  /// Id of the payment; empty if a coupon was issued, because no payment is involved.
  std::string transaction_id;
  /// Key that identifies the fact, even if the fact arrives again under another notification id.
  /// The key is "stock/code" for the issuing of a coupon, "coupon/transaction" for a redemption (a
  /// MULTIUSE coupon has several), and "refund/STATUS" for a refund.
  std::string business_key;
  std::string occurred_at;  ///< time at which the fact happened, as text that WeChat Pay wrote
};

/// Makes the ledger entry of an event.
/// \param event the event; passed by value, and its strings are moved into the entry. Move the
///   event into the call if it is not needed afterwards.
/// \param create_time create_time of the notification; used if the event has no time of its own (a
///   failed refund).
/// \return the ledger entry; nothing if the event is an OtherEvent, which changes no coupon.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(CouponEvent event,
                                                      std::string_view create_time);

enum class CouponState : std::uint8_t { kIssued, kRedeemed, kRefunded };
/// Returns the state of a coupon as text: "issued", "redeemed" or "refunded".
[[nodiscard]] std::string_view to_string(CouponState state);

/// Derives the state of a coupon from its history. "Issued": the coupon has no redemption yet.
/// "Redeemed": at least one transaction that redeemed the coupon has no successful refund.
/// "Refunded": every such transaction has a successful refund. Closed and abnormal refunds are part
/// of the history, but do not change the state.
/// \param history ledger entries of the coupon: its issuing, its redemptions, and the refunds of
///   its transactions, in any order.
[[nodiscard]] CouponState derive_state(std::span<const LedgerEntry> history);

/// Returns true if entry `a` is shown before entry `b` in a coupon's history. Entries are sorted by
/// time, then by kind (issued, redeemed, refunded), then by business key. This is a total order, so
/// the same entries are always shown in the same order.
[[nodiscard]] bool told_before(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
