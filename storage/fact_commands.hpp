#pragma once

/// \file
/// The statements that keep a notification's fact of the ledger, and what they tell of others.

#include <string>

#include "storage/connection.hpp"
#include "storage/records.hpp"
#include "storage/source.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {

/// \param a must have a fact.
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

/// Asks which notification the fact was kept for.
[[nodiscard]] inline Command origin_of_fact(const LedgerFact& f) {
  if (f.coupon.empty()) return {sql::kOriginOfRefund, {f.transaction_id, f.business_key}};
  return {sql::kOriginOfCouponFact, {f.stock_id, f.coupon, f.kind, f.business_key}};
}

/// A redemption is delivered once, whichever comes first: its notification, or what WeChat Pay's
/// books tell of it under another id.
/// \param origin as origin_of_fact() gives it after insert_fact().
[[nodiscard]] inline bool is_retold(const Admission& a, const Rows& origin) {
  if (origin.empty()) return false;
  const auto text = [&](std::size_t column) { return std::get<std::string>(origin[0][column]); };
  if (text(0) == a.id && text(1) == a.mchid) return false;
  return a.source == kFromBooks || text(2) == kFromBooks;
}

}  // namespace couponhook::storage
