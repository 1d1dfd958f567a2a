#pragma once

/// \file
/// Limits the speed of a purge (removal of old data) that runs while the service is working.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// Limits on the share of the writers' time that a purge of old data may take.
struct PurgeTerms {
  std::chrono::steady_clock::duration wanted;  ///< wanted duration of one transaction of the purge
  /// Longest pause after a transaction of the purge, in multiples of the transaction's duration.
  int pause_factor_max;
  /// Shortest pause after a transaction of the purge, in multiples of the transaction's duration;
  /// used if there is much to do.
  int pause_factor_min;
};
/// Limits of a purge on SQLite, which allows one writer at a time. With these values, two or three
/// of a hundred notifications have to wait for a transaction of the purge, and none of them waits
/// long.
inline constexpr PurgeTerms kOneWriterPurge{std::chrono::milliseconds(1), 39, 2};
/// Limits of a purge on PostgreSQL, where writers wait only for rows, and no new notification needs
/// the rows that a purge removes.
inline constexpr PurgeTerms kManyWritersPurge{std::chrono::milliseconds(5), 9, 1};

/// Number of rows that the present stage of a purge still has to look at, and the time that is left
/// for them.
struct PurgeLeft {
  std::int64_t rows = 0;
  std::chrono::steady_clock::duration time{};
};

/// Decides how many rows the next transaction of a purge handles, by the duration of the last
/// transaction, and how long the purge pauses before it. The pause is shorter if there is more to
/// do, so that a purge keeps up with new data.
class PurgePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::int64_t kRowsMin = 8;
  static constexpr std::int64_t kRowsMax = 512;

  explicit PurgePace(PurgeTerms terms) : terms_(terms) {}

  [[nodiscard]] std::int64_t rows() const { return rows_; }

  /// Computes the pause after a transaction of the purge.
  /// \param took duration of the last transaction.
  /// \param left rows that the present stage of the purge still has to look at, and the time left
  /// for them.
  /// \return duration of the pause before the next transaction.
  [[nodiscard]] Duration pause_after(Duration took, const PurgeLeft& left) {
    const Duration share = left.rows > 0 ? left.time * rows_ / left.rows : Duration::max();
    const Duration rest =
        std::clamp(share - took, terms_.pause_factor_min * took, terms_.pause_factor_max * took);
    const std::int64_t fitting = took.count() > 0 ? rows_ * terms_.wanted / took : kRowsMax;
    // The number of rows per transaction moves only halfway to the new estimate, so that one slow
    // transaction does not change it too much.
    rows_ = std::clamp((rows_ + fitting) / 2, kRowsMin, kRowsMax);
    return rest;
  }

 private:
  PurgeTerms terms_;
  std::int64_t rows_ = 64;
};

/// Computes the longest time that one pass of the purge may take, so that it ends before the next
/// pass begins.
/// \param interval time between the beginnings of two passes of the purge.
/// \return the longest time of one pass.
[[nodiscard]] constexpr PurgePace::Duration purge_pass_max(PurgePace::Duration interval) {
  return interval * 4 / 5;
}

/// Runs a whole pass of the purge at the speed that PurgePace allows. If a step fails because of a
/// conflict or a busy store, the step is run again after a pause.
/// \param pass_max longest time of the pass, as far as PurgeTerms allow: one half for removing the
/// content of notifications, the other half for removing notifications.
/// \param rest function that pauses for the given time, and returns false to end the purge.
/// \return false if `rest` ended the purge early.
[[nodiscard]] Connection::Result<bool> run_purge(
    Purge& purge, PurgePace::Duration pass_max, const Purge::Now& now,
    const std::function<bool(PurgePace::Duration)>& rest);

}  // namespace couponhook::storage
