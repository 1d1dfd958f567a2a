#pragma once

/// \file
/// SQL commands that store the ledger fact of a notification (issuing, redemption or refund of a
/// coupon), and that find the notification which stored this fact first.

#include <string>

#include "storage/connection.hpp"
#include "storage/records.hpp"
#include "storage/source.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {

/// \return the SQL command that inserts the ledger fact of a notification to be stored.
/// \param a the notification to be stored; must have a ledger fact.
[[nodiscard]] inline Command insert_fact(const Admission& a) {
  const LedgerFact& f = *a.fact;
  if (f.coupon.empty()) {
    return {sql::kInsertRefund,
            {f.transaction_id, f.business_key, f.occurred_at, a.mchid, a.id, a.source}};
  }
  return {sql::kInsertCouponFact,
          {f.stock_id, f.coupon, f.kind, f.business_key, f.transaction_id, f.occurred_at, a.mchid,
           a.id, a.source}};
}

/// \return an SQL command that reads for which notification a ledger fact was stored first.
[[nodiscard]] inline Command origin_of_fact(const LedgerFact& f) {
  if (f.coupon.empty()) return {sql::kOriginOfRefund, {f.transaction_id, f.business_key}};
  return {sql::kOriginOfCouponFact, {f.stock_id, f.coupon, f.kind, f.business_key}};
}

/// Returns true if the ledger fact was already stored for another notification, and one of the two
/// notifications came from reconciliation (comparison with WeChat Pay's own records). Such a fact
/// must not be delivered again: a redemption is delivered only once, for WeChat Pay's notification
/// or for WeChat Pay's own record of the redemption, which has another id.
/// \param origin the result rows of origin_of_fact(), read after insert_fact() was run.
[[nodiscard]] inline bool is_retold(const Admission& a, const Rows& origin) {
  if (origin.empty()) return false;
  const auto text = [&](std::size_t column) { return std::get<std::string>(origin[0][column]); };
  if (text(0) == a.id && text(1) == a.mchid) return false;
  return a.source == kFromReconcile || text(2) == kFromReconcile;
}

}  // namespace couponhook::storage
