#pragma once

/// \file
/// Compares WeChat Pay's own records with the facts in couponhook's ledger, to find notifications
/// that never arrived (reconciliation).

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

/// A fact in couponhook's ledger: a coupon was issued or redeemed, or a payment was refunded.
struct KnownFact {
  base::FactKind kind{};
  /// Stock of the coupon; empty for refunds, which name only a transaction.
  std::string stock_id;
  /// Id or code of the coupon; empty for refunds, which name only a transaction.
  std::string coupon;
  /// Id of the payment; empty if a coupon was issued, because no payment is involved.
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
};

enum class Finding : std::uint8_t {
  kMatched,    ///< the fact is in WeChat Pay's records and in the store, with equal content
  kMissing,    ///< the fact is only in WeChat Pay's records: its notification never arrived
  kDiffering,  ///< the fact is in WeChat Pay's records and in the store, with different content
  kUnlisted,   ///< the fact is in the store only
  /// The fact cannot be compared: WeChat Pay never sends a notification of it (not used by
  /// compare()).
  kNotCompared,
};
/// \return the name of a finding: matched, missing, differing, unlisted or not_compared.
[[nodiscard]] std::string_view to_string(Finding finding);

struct ReportRow {
  Finding finding{};
  base::FactKind kind{};
  std::string stock_id;
  std::string coupon;
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
  /// Line number of the fact in the flow file (WeChat Pay's settlement file); 0 if there is none.
  std::size_t line = 0;
  /// Differences as text, such as "occurred_at: ours …, theirs …"; only for kDiffering.
  std::string differences;
  /// Index of the fact in WeChat Pay's records; only for kMissing and kDiffering.
  std::size_t entry = 0;
};

struct ReconcileReport {
  std::size_t in_books = 0;  ///< number of distinct facts in WeChat Pay's records
  /// Number of repeated records of the same fact, for example one refund of several coupons.
  std::size_t repeated = 0;
  std::size_t in_store = 0;  ///< number of distinct facts in the store that were compared
  std::size_t matched = 0;
  std::size_t missing = 0;
  std::size_t differing = 0;
  std::size_t unlisted = 0;
  /// All facts except those that match, in the order of WeChat Pay's records. Facts that are only
  /// in the store come last.
  std::vector<ReportRow> rows;
};

/// Compares WeChat Pay's records with the facts in the store. A record and a fact belong together
/// if they have the same kind and business key. They match if stock, coupon and transaction are
/// equal and their times differ by at most one second. A value that is missing on one side (a time;
/// the stock or coupon of a refund) is not compared.
///
/// \param books WeChat Pay's records.
/// \param known the facts in the store that can occur in these records: those of the same stock and
///   kind, or of the same user.
/// \return all differences, and the number of each kind.
[[nodiscard]] ReconcileReport compare(std::span<const PlatformRecord> books,
                                      std::span<const KnownFact> known);

/// Time limits for reconciliation: of the coupon events that are in WeChat Pay's records but
/// missing in the store, only those within the limits are stored. An absent limit does not apply.
struct AdmissionWindow {
  /// Missing events from before this time are not stored: they may have been stored already, and
  /// been deleted since when their retention time ended.
  std::optional<std::chrono::sys_seconds> since;
  /// Missing events from after this time are not stored: WeChat Pay may still send their
  /// notifications.
  std::optional<std::chrono::sys_seconds> until;
};

/// The coupon events that are in WeChat Pay's records but missing in the store, grouped by what
/// reconciliation does with them.
struct Admissible {
  /// The missing coupon events that reconciliation stores.
  std::vector<const PlatformRecord*> entries;
  /// Number of missing coupon events older than AdmissionWindow::since, which are not stored. If
  /// `since` is set, events without a time count here too.
  std::size_t outdated = 0;
  /// Number of missing events younger than AdmissionWindow::until; not stored yet.
  std::size_t unsettled = 0;
};

/// Selects the coupon events that are missing in the store and that reconciliation may store now.
/// \param report the result of compare().
/// \param books the records of WeChat Pay that were compared. The result points into them, so they
///   must outlive the result.
/// \param window limits on the time of the events.
[[nodiscard]] Admissible admissible(const ReconcileReport& report,
                                    std::span<const PlatformRecord> books,
                                    const AdmissionWindow& window);

}  // namespace couponhook::wechatpay
