#pragma once

/// \file
/// Compares WeChat Pay's own records with the facts in couponhook's ledger (the stored history of
/// coupons), to find notifications that never arrived. This is called reconciliation.

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

/// A fact in couponhook's ledger (the stored history of coupons): a coupon was issued or redeemed,
/// or a payment was refunded.
struct KnownFact {
  base::FactKind kind{};
  /// Stock of the coupon; empty for refunds, which name only a transaction.
  std::string stock_id;
  /// Id or code of the coupon. Empty for a refund, whose event contains only the id of the payment.
  std::string coupon;
  /// Id of the payment. Empty for the issuing of a coupon, because it has no payment.
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
  /// Amounts of a refund; empty if the store does not have them.
  std::optional<base::RefundAmounts> amounts{};
  /// Shares of coupons in a refund, as far as the store has them.
  std::vector<base::CouponShare> shares{};
};

enum class Finding : std::uint8_t {
  /// The coupon event is in WeChat Pay's records and in couponhook's store, with equal content.
  kMatched,
  kMissing,  ///< The coupon event is in WeChat Pay's records only: its notification never arrived.
  /// The coupon event is in WeChat Pay's records and in couponhook's store, with different content.
  kDiffering,
  kUnlisted,  ///< The coupon event is in couponhook's store only.
  /// WeChat Pay never sends a notification for this fact, so it cannot be compared. The function
  /// compare() never returns this value.
  kNotCompared,
};
/// Returns the result of comparing one fact as text: matched, missing, differing, unlisted or
/// not_compared.
[[nodiscard]] std::string_view to_string(Finding finding);

struct ReportRow {
  Finding finding{};
  base::FactKind kind{};
  std::string stock_id;
  std::string coupon;
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
  /// Line number of the fact in the flow file (WeChat Pay's settlement file); 0 if it comes from no
  /// file.
  std::size_t line = 0;
  /// Differences between the ledger and WeChat Pay's record as text, such as "occurred_at: ours …,
  /// theirs …". Empty unless the comparison found different content (kDiffering).
  std::string differences;
  /// Index of the fact in the list of WeChat Pay's records. Set only for kMissing and kDiffering.
  std::size_t entry = 0;
  /// True if nothing contradicts WeChat Pay's record: the store only lacks amounts of a refund or
  /// shares of coupons, which storing the record adds. Set only for kDiffering.
  bool is_incomplete = false;
};

struct ReconcileReport {
  std::size_t in_platform = 0;  ///< number of distinct coupon events in WeChat Pay's records
  /// Number of WeChat Pay's records that repeat the fact of an earlier record, for example because
  /// one refund covers several coupons.
  std::size_t repeated = 0;
  std::size_t in_store = 0;  ///< number of distinct facts in couponhook's store that were compared
  std::size_t matched = 0;
  std::size_t missing = 0;
  std::size_t differing = 0;
  std::size_t unlisted = 0;
  /// All facts that do not match, in the order of WeChat Pay's records, followed by the facts that
  /// are only in the store.
  std::vector<ReportRow> rows;
};

/// Compares WeChat Pay's records with the facts in couponhook's store. A record and a fact belong
/// together if they have the same kind and the same business key (the key that identifies a coupon
/// event). They match if stock, coupon and payment are equal and their times differ by at most one
/// second. A value that is missing on one side (a time; the stock or coupon of a refund) is not
/// compared. Amounts of refunds, and shares of coupons in them, are compared if WeChat Pay's record
/// has them; if the store lacks them, the finding is kDiffering and ReportRow::is_incomplete is
/// set.
///
/// \param records WeChat Pay's records.
/// \param known the facts in the store that can occur in these records: those of the same stock and
///   kind, or of the same user.
/// \return all differences, and the number of each kind of difference.
[[nodiscard]] ReconcileReport compare(std::span<const PlatformRecord> records,
                                      std::span<const KnownFact> known);

/// Time limits for coupon events that are in WeChat Pay's records but missing in couponhook's
/// store: reconciliation stores only events between these limits. An absent limit does not apply.
struct AdmissionWindow {
  /// Missing events from before this time are not stored: couponhook may have stored them already,
  /// and deleted them at the end of their retention time.
  std::optional<std::chrono::sys_seconds> since;
  /// Missing events from after this time are not stored: WeChat Pay may still send their
  /// notifications.
  std::optional<std::chrono::sys_seconds> until;
};

/// The coupon events that are in WeChat Pay's records but missing in couponhook's store, grouped by
/// what reconciliation does with them.
struct Admissible {
  /// The missing coupon events that reconciliation stores, and the refunds to which it adds amounts
  /// or shares (ReportRow::is_incomplete).
  std::vector<const PlatformRecord*> entries;
  /// Number of missing coupon events that are older than AdmissionWindow::since and so are not
  /// stored. If `since` is set, events without a time are counted here too.
  std::size_t outdated = 0;
  /// Number of missing coupon events that are newer than AdmissionWindow::until and so are not
  /// stored yet.
  std::size_t unsettled = 0;
};

/// Selects the coupon events that are missing in couponhook's store and that reconciliation may
/// store now.
/// \param report the result of compare().
/// \param records the records of WeChat Pay that were compared. The result points into these
/// records,
///   so they must live longer than the result.
/// \param window limits on the time of the events.
[[nodiscard]] Admissible admissible(const ReconcileReport& report,
                                    std::span<const PlatformRecord> records,
                                    const AdmissionWindow& window);

}  // namespace couponhook::wechatpay
