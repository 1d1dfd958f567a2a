#pragma once

/// \file
/// The ledger: the history of each coupon (issued, redeemed, refunded), correct even if its events
/// arrive in any order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fact_kind.hpp"
#include "base/refund_amounts.hpp"
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
  // The members from here on are set only for refunds.
  std::string out_refund_no{};  ///< the merchant's own number of the refund; may be empty
  /// Amounts of the refund. Empty if they are not known: earlier releases did not store them, a
  /// flow file does not name them, and impossible amounts are left out.
  std::optional<base::RefundAmounts> amounts{};
  /// Shares of coupons in the refund, as far as they are known. A coupon that has a share was used
  /// in the payment, even if no redemption of the coupon is known.
  std::vector<base::CouponShare> shares{};
};

/// Makes the ledger entry of an event.
/// \param event the event; its strings are moved into the entry. If the caller does not need the
///   event afterwards, use std::move(event) as the argument.
/// \param create_time create_time of the notification; used if the event itself contains no time (a
///   failed refund).
/// \return the ledger entry; nothing if the event is an OtherEvent, which changes no coupon.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(CouponEvent event,
                                                      std::string_view create_time);

enum class CouponState : std::uint8_t { kIssued, kRedeemed, kRefunded, kPartlyRefunded };
/// Returns the state of a coupon as text: "issued", "redeemed", "refunded" or "partly_refunded".
[[nodiscard]] std::string_view to_string(CouponState state);

/// Computes the state of a coupon from its history. "Issued": the coupon has no redemption yet.
/// "Redeemed": at least one payment in which the coupon was redeemed has no successful refund.
/// "Refunded": every such payment was refunded completely. "Partly refunded": every such payment
/// has a successful refund, but of at least one of them less than the order's total went back.
///
/// The order's total is the largest amounts.total of the payment's successful refunds, because the
/// event of a redemption contains no total. A successful refund without known amounts counts as
/// complete, as all refunds did before couponhook stored amounts. Closed and abnormal refunds are
/// part of the history, but return no money and do not change the state.
///
/// A refund with a share of the coupon (LedgerEntry::shares) counts as a redemption too: the coupon
/// was used in this payment, although the event of the redemption is not known.
/// \param history ledger entries of one coupon: its issuing, its redemptions, and the refunds of
///   the payments, each entry once, in any order. Shares of other coupons must be left out.
[[nodiscard]] CouponState derive_state(std::span<const LedgerEntry> history);

/// Sums over the successful refunds in a coupon's history, in fen. They cover the whole orders, not
/// only the coupon's part, except for `coupon_share`.
struct RefundSums {
  std::size_t refunds = 0;  ///< number of successful refunds
  /// Number of successful refunds whose amounts are not known; they are missing in the sums.
  std::size_t without_amounts = 0;
  std::int64_t order_total = 0;   ///< sum of the totals of the refunded orders, each order once
  std::int64_t refund = 0;        ///< what went back
  std::int64_t payer_refund = 0;  ///< part of `refund` that went back to the payer
  /// What went back to this coupon; empty unless the share of every successful refund is known.
  std::optional<std::int64_t> coupon_share{};

  /// Returns the part of `refund` that went back to coupons, to this one and others of the order.
  [[nodiscard]] std::int64_t coupon_refund() const { return refund - payer_refund; }
};

/// Adds up the successful refunds of a coupon.
/// \param history as for derive_state().
[[nodiscard]] RefundSums sum_refunds(std::span<const LedgerEntry> history);

/// Returns true if the ledger entry `a` is shown before the entry `b` in a coupon's history.
/// Entries are sorted by time, then by kind (issued, redeemed, refunded), then by business key. No
/// two different entries count as equal, so the same entries are always shown in the same order.
[[nodiscard]] bool precedes_in_history(const LedgerEntry& a, const LedgerEntry& b);

}  // namespace couponhook::handlers
