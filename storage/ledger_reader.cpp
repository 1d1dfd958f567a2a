#include "storage/ledger_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/rows.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

/// Number of SQL statements sent to the database in one round trip.
constexpr std::size_t kAtOnce = 200;

}  // namespace

LedgerReader::LedgerReader(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

LedgerReader::Result<LedgerReader::Facts> LedgerReader::facts_of_stock(std::string_view stock_id,
                                                                       std::string_view kind,
                                                                       const LedgerFact* after,
                                                                       std::int64_t limit) {
  const std::string_view coupon = after != nullptr ? after->coupon : std::string_view();
  const std::string_view key = after != nullptr ? after->business_key : std::string_view();
  const std::array ask{Command(sql::kStockFacts, {stock_id, kind, coupon, key, limit})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  return sql::kStockFacts.read_all(results[0]);
}

LedgerReader::Result<LedgerReader::Facts> LedgerReader::facts_of_coupon(std::string_view stock_id,
                                                                        std::string_view coupon) {
  const std::array ask{Command(sql::kOwnCouponFacts, {stock_id, coupon})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  return sql::kOwnCouponFacts.read_all(results[0]);
}

LedgerReader::Result<LedgerReader::Facts> LedgerReader::refunds_with_shares(
    std::string_view transaction_id) {
  const std::array ask{Command(sql::kRefundsOf, {transaction_id}),
                       Command(sql::kSharesOf, {transaction_id})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  Facts facts = sql::kRefundsOf.read_all(results[0]);
  for (ShareOfRefund& share : sql::kSharesOf.read_all(results[1])) {
    const auto refund = std::ranges::find(facts, share.business_key, &LedgerFact::business_key);
    if (refund == facts.end()) continue;
    refund->shares.push_back({std::move(share.coupon), share.amount, share.refund_amount});
  }
  return facts;
}

LedgerReader::Result<LedgerReader::Facts> LedgerReader::refunds(
    std::span<const std::string> transaction_ids) {
  Facts all;
  while (!transaction_ids.empty()) {
    const std::size_t count = std::min(kAtOnce, transaction_ids.size());
    std::vector<Command> ask;
    ask.reserve(count);
    for (const std::string& id : transaction_ids.first(count)) {
      ask.push_back(Command(sql::kRefundsOf, {std::string_view(id)}));
    }
    transaction_ids = transaction_ids.subspan(count);
    std::vector<Rows> results;
    if (auto ran = connection_->run(ask, results); !ran) return ran.error();
    for (Rows& refunds_of_one : results) {
      for (Row& row : refunds_of_one) all.push_back(sql::kRefundsOf.read(row));
    }
  }
  return all;
}

}  // namespace couponhook::storage
