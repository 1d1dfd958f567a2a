#pragma once

/// \file
/// Speed of a purge that runs beside the service.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// Share of the writers' time that a purge may take.
struct PurgeTerms {
  std::chrono::steady_clock::duration wanted;  ///< wanted length of one transaction
  int rests;      ///< longest pause after a transaction, in multiples of its length
  int rests_min;  ///< shortest pause, used if there is much to do
};
/// SQLite allows one writer at a time. With these values, two or three of a hundred receipts meet a
/// transaction of a purge, and none of them waits long.
inline constexpr PurgeTerms kOneWriterPurge{std::chrono::milliseconds(1), 39, 2};
/// PostgreSQL's writers wait only for rows, and no receipt needs the rows that a purge removes.
inline constexpr PurgeTerms kManyWritersPurge{std::chrono::milliseconds(5), 9, 1};

/// Remaining rows of the current stage, and the remaining time for them.
struct PurgeLeft {
  std::int64_t rows = 0;
  std::chrono::steady_clock::duration time{};
};

/// Decides the number of rows of the next transaction, by the length of the last one, and the pause
/// before it. The pause is shorter if there is more to do, so that a purge keeps up with new data.
class PurgePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::int64_t kRowsMin = 8;
  static constexpr std::int64_t kRowsMax = 512;

  explicit PurgePace(PurgeTerms terms) : terms_(terms) {}

  [[nodiscard]] std::int64_t rows() const { return rows_; }

  /// \param took length of the last transaction.
  /// \return length of the pause.
  [[nodiscard]] Duration rest_after(Duration took, const PurgeLeft& left) {
    const Duration share = left.rows > 0 ? left.time * rows_ / left.rows : Duration::max();
    const Duration rest = std::clamp(share - took, terms_.rests_min * took, terms_.rests * took);
    const std::int64_t fitting = took.count() > 0 ? rows_ * terms_.wanted / took : kRowsMax;
    // Moves halfway, so that one disturbed transaction does not change the number too much.
    rows_ = std::clamp((rows_ + fitting) / 2, kRowsMin, kRowsMax);
    return rest;
  }

 private:
  PurgeTerms terms_;
  std::int64_t rows_ = 64;
};

/// \return the longest time that a pass may take, so that the next one begins in time.
[[nodiscard]] constexpr PurgePace::Duration purge_pass_max(PurgePace::Duration interval) {
  return interval * 4 / 5;
}

/// Runs a whole pass at the speed of PurgePace. A step that fails on a conflict or a busy store is
/// run again after a pause.
/// \param pass_max longest time of the pass, as far as PurgeTerms allow: one half for emptying
/// payloads, the other half for removing notifications.
/// \param rest pauses for the given time; \return false to end the purge.
/// \return false if `rest` ended the purge early.
[[nodiscard]] Connection::Result<bool> run_purge(
    Purge& purge, PurgePace::Duration pass_max, const Purge::Now& now,
    const std::function<bool(PurgePace::Duration)>& rest);

}  // namespace couponhook::storage
