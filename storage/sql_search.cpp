// SQL statements of the search, and of the history of the counters for charts.

#include <array>

#include "storage/sql.hpp"

namespace couponhook::storage::sql {
namespace {

constexpr auto kSearchedColumns =
    columns<ReportedFact>({{"kind", &ReportedFact::kind},
                           {"stock_id", &ReportedFact::stock_id},
                           {"coupon", &ReportedFact::coupon},
                           {"transaction_id", &ReportedFact::transaction_id},
                           {"business_key", &ReportedFact::business_key},
                           {"occurred_at", &ReportedFact::occurred_at},
                           {"mchid", &ReportedFact::mchid},
                           {"notification_id", &ReportedFact::notification_id},
                           {"source", &ReportedFact::source}});

constexpr auto kRefundColumns =
    columns<ReportedFact>({{"'refund'", &ReportedFact::kind},
                           {"transaction_id", &ReportedFact::transaction_id},
                           {"business_key", &ReportedFact::business_key},
                           {"occurred_at", &ReportedFact::occurred_at},
                           {"mchid", &ReportedFact::mchid},
                           {"notification_id", &ReportedFact::notification_id},
                           {"source", &ReportedFact::source}});

constexpr auto kHistoryColumns = columns<HistoryValue>({{"at_s", &HistoryValue::at_s},
                                                        {"series", &HistoryValue::series},
                                                        {"value", &HistoryValue::value}});

}  // namespace

// The ledger's index begins with the stock. An index on the coupon alone would cost a write for
// every issuing and redemption; a ledger has few stocks, so the statement goes from stock to stock
// and looks up the coupon in each: two look-ups in the index for each stock.
const Query<ReportedFact> kSearchCoupon{
    "WITH RECURSIVE few_stocks (stock, place) AS (SELECT CAST('' AS TEXT), CAST(0 AS BIGINT)"
    " UNION ALL SELECT (SELECT c.stock_id FROM coupon_history c WHERE c.stock_id > few_stocks.stock"
    " ORDER BY c.stock_id LIMIT 1), few_stocks.place + 1 FROM few_stocks"
    " WHERE few_stocks.stock IS NOT NULL AND few_stocks.place < $1)"
    " SELECT {columns} FROM few_stocks JOIN coupon_history ON stock_id = stock"
    " WHERE coupon = $2 LIMIT $3",
    kSearchedColumns};

const Query<ReportedFact> kSearchCouponOfStock{
    "SELECT {columns} FROM coupon_history WHERE stock_id = $1 AND coupon = $2 LIMIT $3",
    kSearchedColumns};

const Query<ReportedFact> kSearchStock{
    "SELECT {columns} FROM coupon_history"
    " WHERE stock_id = $1 AND (coupon, kind, business_key) > ($2, $3, $4)"
    " ORDER BY coupon, kind, business_key LIMIT $5",
    kSearchedColumns};

// The second condition lets the database use the index, which has only rows with a payment.
const Query<ReportedFact> kSearchPayment{
    "SELECT {columns} FROM coupon_history WHERE transaction_id = $1 AND transaction_id <> ''"
    " LIMIT $2",
    kSearchedColumns};

const Query<ReportedFact> kSearchRefundsOf{
    "SELECT {columns} FROM refunds WHERE transaction_id = $1 LIMIT $2", kRefundColumns};

const Query<ReportedFact> kSearchRefund{
    "SELECT {columns} FROM refunds WHERE business_key IN ($1, $2, $3) LIMIT $4", kRefundColumns};

const Statement kLockHistory{
    "INSERT INTO history_marks (series, value) VALUES ('writes', 1)"
    " ON CONFLICT (series) DO UPDATE SET value = history_marks.value + 1"};

#define COUPONHOOK_HISTORY_TOTALS                                                \
  " SELECT {columns} FROM (SELECT CAST(-1 AS BIGINT) AS at_s, name AS series,"   \
  " CAST(sum(value) AS BIGINT) AS value FROM counters GROUP BY name) few_totals" \
  " UNION ALL SELECT {columns} FROM (SELECT CAST(-2 AS BIGINT) AS at_s, series," \
  " value FROM history_marks) few_marks"

const Query<HistoryValue> kHistoryTotals{COUPONHOOK_HISTORY_TOTALS, kHistoryColumns};

const Statement kAddToHistory{
    "INSERT INTO history (step_s, at_s, series, value) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (step_s, at_s, series) DO UPDATE SET value = history.value + excluded.value"};

const Statement kMarkHistory{
    "INSERT INTO history_marks (series, value) VALUES ($1, $2)"
    " ON CONFLICT (series) DO UPDATE SET value = excluded.value"};

// One statement sees rows and totals as they were at the same moment, so nothing is counted twice
// or left out while another connection writes the history.
const Query<HistoryValue> kHistory{
    "SELECT {columns} FROM (SELECT at_s - at_s % CAST($1 AS BIGINT) AS at_s, series,"
    " CAST(sum(value) AS BIGINT) AS value FROM history"
    " WHERE step_s = $2 AND at_s >= $3 AND at_s < $4 GROUP BY 1, 2) few_steps"
    " UNION ALL" COUPONHOOK_HISTORY_TOTALS,
    kHistoryColumns};

std::span<const Statement* const> search_statements() {
  static constexpr auto kAll = std::to_array<const Statement*>(
      {&kSearchNotifications, &kSearchOpenid, &kSearchCoupon, &kSearchCouponOfStock, &kSearchStock,
       &kSearchPayment, &kSearchRefundsOf, &kSearchRefund, &kLockHistory, &kHistoryTotals,
       &kAddToHistory, &kMarkHistory, &kHistory});
  return kAll;
}

}  // namespace couponhook::storage::sql
