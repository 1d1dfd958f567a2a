#pragma once

/// \file
/// Compares WeChat Pay's records with the facts in the store (reconciliation).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/platform_record.hpp"

namespace couponhook::wechatpay {

/// A fact in the store's ledger.
struct KnownFact {
  FactKind kind{};
  std::string stock_id;        ///< empty for refunds: a refund names a transaction
  std::string coupon;          ///< empty for refunds: a refund names a transaction
  std::string transaction_id;  ///< empty for issues: no payment is involved
  std::string business_key;
  std::string occurred_at;
};

enum class Finding : std::uint8_t {
  kMatched,      ///< in both, with equal content
  kMissing,      ///< in WeChat Pay's records only: the notification never arrived
  kDiffering,    ///< in both, with different content
  kUnlisted,     ///< in the store only
  kNotCompared,  ///< not comparable: WeChat Pay never notifies it (not used by compare())
};
/// \return matched, missing, differing, unlisted or not_compared.
[[nodiscard]] std::string_view to_string(Finding finding);

struct ReportRow {
  Finding finding{};
  FactKind kind{};
  std::string stock_id;
  std::string coupon;
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
  std::size_t line = 0;     ///< line in the flow file; 0 if there is none
  std::string differences;  ///< "occurred_at: ours …, theirs …"; only for kDiffering
  std::size_t entry = 0;    ///< index in WeChat Pay's records; only for kMissing and kDiffering
};

struct ReconcileReport {
  std::size_t in_books = 0;  ///< distinct facts in WeChat Pay's records
  std::size_t repeated = 0;  ///< repeated records of one fact, e.g. one refund of several coupons
  std::size_t in_store = 0;  ///< distinct facts in the store that were compared
  std::size_t matched = 0;
  std::size_t missing = 0;
  std::size_t differing = 0;
  std::size_t unlisted = 0;
  /// All findings except matches, in the order of WeChat Pay's records; unlisted facts come last.
  std::vector<ReportRow> rows;
};

/// Compares records and facts by kind and business key. Two facts match if stock, coupon and
/// transaction are equal and their times differ by at most one second. A value that is missing on
/// one side (a time; the stock or coupon of a refund) is not compared.
///
/// \param known the facts that can occur in these records: those of the same stock and kind, or of
///   the same user.
[[nodiscard]] ReconcileReport compare(std::span<const PlatformRecord> books,
                                      std::span<const KnownFact> known);

/// Limits on the time of missing facts that reconciliation stores. An absent limit does not apply.
struct AdmissionWindow {
  /// Older facts are not stored: they may have arrived and been purged by retention since.
  std::optional<std::chrono::sys_seconds> since;
  /// Younger facts are not stored: WeChat Pay may still send their notifications.
  std::optional<std::chrono::sys_seconds> until;
};

/// Missing facts, grouped by the action that they need.
struct Admissible {
  std::vector<const PlatformRecord*> entries;  ///< facts to store
  /// Older than the window; if `since` is set, also facts without a time.
  std::size_t outdated = 0;
  std::size_t unsettled = 0;  ///< younger than the window
};

/// \param books the records that were compared. The result points into them, so they must outlive
///   it.
[[nodiscard]] Admissible admissible(const ReconcileReport& report,
                                    std::span<const PlatformRecord> books,
                                    const AdmissionWindow& window);

}  // namespace couponhook::wechatpay
