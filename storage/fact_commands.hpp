#pragma once

/// \file
/// SQL commands that store the ledger fact of a notification (issuing, redemption or refund of a
/// coupon), and that find the notification which stored this fact first.

#include <string>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"
#include "storage/rows.hpp"
#include "storage/source.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {

/// Appends the SQL commands that insert the ledger fact of a notification to be stored.
/// \param a the notification to be stored; must have a ledger fact, and must live until the
/// commands
///   have run.
inline void append_fact(const Admission& a, std::vector<Command>& commands) {
  const LedgerFact& f = *a.fact;
  if (!f.coupon.empty()) {
    commands.push_back(Command(sql::kInsertCouponFact,
                               {f.stock_id, f.coupon, f.kind, f.business_key, f.transaction_id,
                                f.occurred_at, a.mchid, a.id, a.source}));
    return;
  }
  commands.push_back(Command(
      sql::kInsertRefund, {f.transaction_id, f.business_key, f.occurred_at, a.mchid, a.id, a.source,
                           text_or_null(f.out_refund_no), integer_or_null(f.amount_total),
                           integer_or_null(f.amount_refund), integer_or_null(f.amount_payer_total),
                           integer_or_null(f.amount_payer_refund)}));
  for (const base::CouponShare& share : f.shares) {
    commands.push_back(Command(
        sql::kInsertRefundShare,
        {share.coupon, share.amount, share.refund_amount, f.transaction_id, f.business_key}));
  }
}

/// \return the query that reads which notification first reported a fact like this.
[[nodiscard]] inline const Query<FactOrigin>& origin_query(const LedgerFact& f) {
  return f.coupon.empty() ? sql::kOriginOfRefund : sql::kOriginOfCouponFact;
}

/// \return an SQL command that reads which notification a ledger fact was stored for first.
[[nodiscard]] inline Command origin_of_fact(const LedgerFact& f) {
  if (f.coupon.empty()) return {origin_query(f), {f.transaction_id, f.business_key}};
  return {origin_query(f), {f.stock_id, f.coupon, f.kind, f.business_key}};
}

/// Returns true if the ledger fact was already stored for another notification, and one of the two
/// notifications came from reconciliation (comparison with WeChat Pay's own records). Such a fact
/// must not be delivered again: a redemption is delivered once, either for WeChat Pay's
/// notification or for WeChat Pay's own record of it, which has another id.
/// \param origins the result rows of origin_of_fact(), read after the commands of
///   append_fact() were run.
[[nodiscard]] inline bool is_repeated_fact(const Admission& a, Rows& origins) {
  const auto origin = origin_query(*a.fact).read_first(origins);
  if (!origin || (origin->notification_id == a.id && origin->mchid == a.mchid)) return false;
  return a.source == kFromReconcile || origin->source == kFromReconcile;
}

}  // namespace couponhook::storage
