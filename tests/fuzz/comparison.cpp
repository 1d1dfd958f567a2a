/// \file
/// Fuzz target: the comparison of WeChat Pay's records with couponhook's ledger (reconciliation).
/// The comparison must count each record once, with exactly one result.

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fuzz.hpp"
#include "wechatpay/compare.hpp"

namespace couponhook::fuzz {
namespace {

using base::FactKind;
using wechatpay::Finding;
using wechatpay::KnownFact;
using wechatpay::PlatformRecord;

FactKind kind_of(unsigned byte) {
  constexpr std::array kKinds{FactKind::kIssue, FactKind::kRedeem, FactKind::kRefund};
  return kKinds[byte % kKinds.size()];
}

/// Returns one of five texts. With so few texts, the generated records and ledger entries often
/// have equal fields.
std::string value(unsigned byte) {
  return std::to_string(byte % 5);
}
std::string time(unsigned byte) {
  constexpr std::array kTimes{"2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z", "", "yesterday",
                              "2026-01-01T00:00:01+08:00"};
  return kTimes[byte % kTimes.size()];
}

/// Runs the comparison on records made from the fuzz input: five bytes of the input give one
/// record. The lowest bit of the first byte tells where the record is added: 0 for WeChat Pay's
/// records, 1 for couponhook's ledger.
void run(std::string_view input) {
  std::vector<PlatformRecord> theirs;
  std::vector<KnownFact> ours;
  for (Bytes bytes(input.substr(0, 5000)); !bytes.empty();) {
    const unsigned first = bytes.byte();
    const FactKind kind = kind_of(first >> 1U);
    const std::string stock = value(bytes.byte());
    const std::string transaction = value(bytes.byte());
    const std::string key = value(bytes.byte());
    const std::string at = time(bytes.byte());
    if ((first & 1U) == 0) {
      PlatformRecord entry;
      entry.kind = kind;
      entry.stock_id = stock;
      entry.transaction_id = transaction;
      entry.business_key = key;
      entry.occurred_at = at;
      theirs.push_back(std::move(entry));
    } else {
      ours.push_back({kind, stock, key, transaction, key, at});
    }
  }
  const auto report = wechatpay::compare(theirs, ours);
  require(report.in_platform + report.repeated == theirs.size(),
          "each of their entries is counted");
  require(report.matched + report.differing + report.missing == report.in_platform,
          "each of their entries is one finding");
  require(report.rows.size() == report.missing + report.differing + report.unlisted,
          "all but what matched is told");
  std::set<std::pair<FactKind, std::string>> known;
  for (const KnownFact& fact : ours) known.emplace(fact.kind, fact.business_key);
  for (const auto& row : report.rows) {
    const bool is_known = known.contains({row.kind, row.business_key});
    require(is_known == (row.finding != Finding::kMissing), "missing is what ours does not have");
  }
  const auto admissible = wechatpay::admissible(report, theirs, {});
  require(admissible.entries.size() + admissible.outdated + admissible.unsettled == report.missing,
          "what is missing is admitted, outdated or unsettled");
}

const Registration registered("comparison", run);

}  // namespace
}  // namespace couponhook::fuzz
