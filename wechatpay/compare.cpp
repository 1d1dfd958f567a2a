#include "wechatpay/compare.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "base/wechat_time.hpp"

namespace couponhook::wechatpay {
namespace {

using std::string;

string key_of(base::FactKind kind, const string& business_key) {
  return string(to_string(kind)).append("/").append(business_key);
}

bool is_same_time(const string& ours, const string& theirs) {
  using std::chrono::seconds;
  if (ours.empty() || theirs.empty()) return true;
  const auto a = base::parse_wechat_time(ours);
  const auto b = base::parse_wechat_time(theirs);
  if (!a || !b) return ours == theirs;
  const seconds distance = *a > *b ? *a - *b : *b - *a;
  // Accept a difference of one second between the two times of an event: the time in the store may
  // have a fraction of a second, and WeChat Pay's own records are rounded.
  return distance <= seconds(1);
}

void add_difference(string& differences, std::string_view what, const string& ours,
                    const string& theirs) {
  if (!differences.empty()) differences += "; ";
  differences.append(what).append(": ours ").append(ours).append(", theirs ").append(theirs);
}

string in_words(const base::RefundAmounts& amounts) {
  return base::yuan(amounts.refund) + " of " + base::yuan(amounts.total) + " yuan, payer " +
         base::yuan(amounts.payer_refund) + " of " + base::yuan(amounts.payer_total);
}

string in_words(const base::CouponShare& share) {
  return base::yuan(share.refund_amount) + " of " + base::yuan(share.amount) + " yuan";
}

/// Compares the money of a refund, if WeChat Pay's record has it.
/// \param contradicts set to true if the store has other amounts than WeChat Pay; not changed if it
///   only lacks some.
void add_money_differences(string& differences, const KnownFact& ours, const PlatformRecord& theirs,
                           bool& contradicts) {
  if (theirs.amounts && ours.amounts != theirs.amounts) {
    contradicts |= ours.amounts.has_value();
    add_difference(differences, "amounts", ours.amounts ? in_words(*ours.amounts) : "unknown",
                   in_words(*theirs.amounts));
  }
  for (const base::CouponShare& share : theirs.shares) {
    const auto known = std::ranges::find(ours.shares, share.coupon, &base::CouponShare::coupon);
    if (known != ours.shares.end() && *known == share) continue;
    contradicts |= known != ours.shares.end();
    add_difference(differences, "share of coupon " + share.coupon,
                   known != ours.shares.end() ? in_words(*known) : "unknown", in_words(share));
  }
}

string differences_of(const KnownFact& ours, const PlatformRecord& theirs) {
  string differences;
  if (!ours.stock_id.empty() && !theirs.stock_id.empty() && ours.stock_id != theirs.stock_id) {
    add_difference(differences, "stock_id", ours.stock_id, theirs.stock_id);
  }
  if (!ours.coupon.empty() && ours.coupon != theirs.coupon) {
    add_difference(differences, "coupon", ours.coupon, theirs.coupon);
  }
  if (ours.transaction_id != theirs.transaction_id) {
    add_difference(differences, "transaction_id", ours.transaction_id, theirs.transaction_id);
  }
  if (!is_same_time(ours.occurred_at, theirs.occurred_at)) {
    add_difference(differences, "occurred_at", ours.occurred_at, theirs.occurred_at);
  }
  return differences;
}

ReportRow row_of(const PlatformRecord& entry, std::size_t index, Finding finding) {
  return {finding,
          entry.kind,
          entry.stock_id,
          entry.coupon,
          entry.transaction_id,
          entry.business_key,
          entry.occurred_at,
          entry.line,
          {},
          index,
          false};
}

ReportRow row_of(const KnownFact& fact) {
  return {Finding::kUnlisted,
          fact.kind,
          fact.stock_id,
          fact.coupon,
          fact.transaction_id,
          fact.business_key,
          fact.occurred_at,
          0,
          {},
          0,
          false};
}

}  // namespace

std::string_view to_string(Finding finding) {
  switch (finding) {
    case Finding::kMatched:
      return "matched";
    case Finding::kMissing:
      return "missing";
    case Finding::kDiffering:
      return "differing";
    case Finding::kUnlisted:
      return "unlisted";
    case Finding::kNotCompared:
      return "not_compared";
  }
  return "";
}

ReconcileReport compare(std::span<const PlatformRecord> records, std::span<const KnownFact> known) {
  std::unordered_map<string, const KnownFact*> ours;
  ours.reserve(known.size());
  for (const KnownFact& fact : known) ours.emplace(key_of(fact.kind, fact.business_key), &fact);

  ReconcileReport report;
  report.in_store = ours.size();
  std::unordered_set<string> seen;
  seen.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const PlatformRecord& entry = records[i];
    const string key = key_of(entry.kind, entry.business_key);
    if (!seen.insert(key).second) {
      ++report.repeated;
      continue;
    }
    ++report.in_platform;
    const auto found = ours.find(key);
    if (found == ours.end()) {
      ++report.missing;
      report.rows.push_back(row_of(entry, i, Finding::kMissing));
      continue;
    }
    string differences = differences_of(*found->second, entry);
    bool contradicts = !differences.empty();
    add_money_differences(differences, *found->second, entry, contradicts);
    if (differences.empty()) {
      ++report.matched;
      continue;
    }
    ++report.differing;
    report.rows.push_back(row_of(entry, i, Finding::kDiffering));
    report.rows.back().differences = std::move(differences);
    report.rows.back().is_incomplete = !contradicts;
  }
  for (const KnownFact& fact : known) {
    // Insert the key of the fact into the set. This detects a fact that the store lists twice.
    if (!seen.insert(key_of(fact.kind, fact.business_key)).second) continue;
    ++report.unlisted;
    report.rows.push_back(row_of(fact));
  }
  return report;
}

Admissible admissible(const ReconcileReport& report, std::span<const PlatformRecord> records,
                      const AdmissionWindow& window) {
  Admissible found;
  for (const ReportRow& row : report.rows) {
    if (row.finding != Finding::kMissing && !row.is_incomplete) continue;
    const auto time = base::parse_wechat_time(row.occurred_at);
    if (window.since && (!time || *time < *window.since)) {
      ++found.outdated;
    } else if (window.until && time && *time > *window.until) {
      ++found.unsettled;
    } else {
      found.entries.push_back(&records[row.entry]);
    }
  }
  return found;
}

}  // namespace couponhook::wechatpay
