#include "server/outbound/ledger_facts.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>

namespace couponhook::server {
namespace {

using base::FactKind;
using storage::LedgerReader;
using wechatpay::KnownFact;
using wechatpay::PlatformRecord;

constexpr std::int64_t kFactsInAPage = 5000;

KnownFact known(const storage::LedgerFact& fact) {
  return {base::parse_fact_kind(fact.kind).value_or(FactKind::kIssue),
          fact.stock_id,
          fact.coupon,
          fact.transaction_id,
          fact.business_key,
          fact.occurred_at,
          fact.amounts(),
          fact.shares};
}

LedgerReader::Result<KnownFacts> redeemed_of_stock(LedgerReader& reader, const std::string& stock) {
  KnownFacts facts;
  LedgerReader::Facts page;
  do {
    const storage::LedgerFact last = page.empty() ? storage::LedgerFact{} : page.back();
    auto next =
        reader.facts_of_stock(stock, "redeem", page.empty() ? nullptr : &last, kFactsInAPage);
    if (!next) return next.error();
    page = std::move(*next);
    std::ranges::transform(page, std::back_inserter(facts), known);
  } while (std::ssize(page) == kFactsInAPage);
  return facts;
}

LedgerReader::Result<KnownFacts> refunded_of_stock(LedgerReader& reader, const std::string& stock,
                                                   const PlatformRecords& records) {
  const auto redeemed = redeemed_of_stock(reader, stock);
  if (!redeemed) return redeemed.error();
  std::unordered_set<std::string> transactions;
  for (const KnownFact& fact : *redeemed) transactions.insert(fact.transaction_id);
  for (const PlatformRecord& entry : records.entries) transactions.insert(entry.transaction_id);
  const std::vector<std::string> ids(transactions.begin(), transactions.end());
  const auto refunds = reader.refunds(ids);
  if (!refunds) return refunds.error();
  KnownFacts facts;
  std::ranges::transform(*refunds, std::back_inserter(facts), known);
  return facts;
}

}  // namespace

std::optional<std::chrono::sys_seconds> facts_known_since(const StoreConfig& store,
                                                          std::chrono::sys_seconds now) {
  if (store.retention_ledger_days == 0) return std::nullopt;
  return now - std::chrono::days(store.retention_ledger_days);
}

LedgerReader::Result<KnownFacts> facts_of_flow(LedgerReader& reader, const FlowName& flow,
                                               const PlatformRecords& records) {
  return flow.kind == wechatpay::FlowKind::kUse ? redeemed_of_stock(reader, flow.stock_id)
                                                : refunded_of_stock(reader, flow.stock_id, records);
}

LedgerReader::Result<KnownFacts> facts_of_refund(LedgerReader& reader,
                                                 const wechatpay::Refund& refund) {
  const auto refunds = reader.refunds_with_shares(refund.transaction_id);
  if (!refunds) return refunds.error();
  KnownFacts facts;
  for (const storage::LedgerFact& fact : *refunds) {
    if (fact.business_key == refund.refund_id + "/SUCCESS") facts.push_back(known(fact));
  }
  return facts;
}

LedgerReader::Result<KnownFacts> facts_of_named_coupons(LedgerReader& reader,
                                                        const PlatformRecords& records) {
  KnownFacts facts;
  std::unordered_set<std::string> asked;
  for (const PlatformRecord& entry : records.entries) {
    if (!asked.insert(entry.stock_id + "/" + entry.coupon).second) continue;
    const auto found = reader.facts_of_coupon(entry.stock_id, entry.coupon);
    if (!found) return found.error();
    for (const storage::LedgerFact& fact : *found) {
      if (fact.kind == to_string(entry.kind)) facts.push_back(known(fact));
    }
  }
  return facts;
}

}  // namespace couponhook::server
