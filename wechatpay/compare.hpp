#pragma once

/// \file
/// Their books against our ledger.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/book_entry.hpp"

namespace couponhook::wechatpay {

/// A fact that the store holds.
struct KnownFact {
  FactKind kind{};
  std::string stock_id;        ///< empty for refunds
  std::string coupon;          ///< empty for refunds
  std::string transaction_id;  ///< empty for issues
  std::string business_key;
  std::string occurred_at;
};

enum class Finding : std::uint8_t {
  kMatched,      ///< in both, alike
  kMissing,      ///< theirs has it, ours not: it never arrived
  kDiffering,    ///< in both, but they tell it differently
  kUnlisted,     ///< ours has it, theirs not
  kNotCompared,  ///< theirs has it, ours cannot: nothing notifies of it. compare() finds none.
};
/// matched, missing, differing, unlisted, not_compared
[[nodiscard]] std::string_view to_string(Finding finding);

struct ReportRow {
  Finding finding{};
  FactKind kind{};
  std::string stock_id;
  std::string coupon;
  std::string transaction_id;
  std::string business_key;
  std::string occurred_at;
  std::size_t line = 0;     ///< in the flow file; 0: none
  std::string differences;  ///< "occurred_at: ours …, theirs …"; only where kDiffering
  std::size_t entry = 0;    ///< index into the books, where kMissing, kMatched or kDiffering
};

struct ReconcileReport {
  std::size_t in_books = 0;  ///< entries of theirs, repetitions left out
  std::size_t repeated = 0;  ///< entries that tell a fact again: one refund of several coupons
  std::size_t in_store = 0;  ///< facts of ours that were compared
  std::size_t matched = 0;
  std::size_t missing = 0;
  std::size_t differing = 0;
  std::size_t unlisted = 0;
  /// Everything but what matched, in the order of the books, what is unlisted at the end.
  std::vector<ReportRow> rows;
};

/// Compares by kind and business key. What is alike must be alike in stock, transaction and, to the
/// second, time; of a time that one side does not tell, nothing is said.
///
/// \param known the facts that could be in these books: of the same stock and kind, of the same
/// user.
[[nodiscard]] ReconcileReport compare(std::span<const BookEntry> books,
                                      std::span<const KnownFact> known);

/// When something happened that is admitted where it is missing. Nothing: whenever it did.
struct AdmissionWindow {
  /// What is older may have arrived, been applied, and been forgotten since.
  std::optional<std::chrono::sys_seconds> since;
  /// What is younger may still be notified.
  std::optional<std::chrono::sys_seconds> until;
};

/// What is missing, by what is to be done about it.
struct Admissible {
  std::vector<const BookEntry*> entries;  ///< to be admitted
  std::size_t outdated = 0;   ///< before the window; where it has a beginning, also without a time
  std::size_t unsettled = 0;  ///< after it
};

/// \param books those that were compared; they must outlive what is returned.
[[nodiscard]] Admissible admissible(const ReconcileReport& report, std::span<const BookEntry> books,
                                    const AdmissionWindow& window);

}  // namespace couponhook::wechatpay
