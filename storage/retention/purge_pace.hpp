#pragma once

/// \file
/// How fast to purge beside a service.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// What a purge may take of the time of others.
struct PurgeTerms {
  std::chrono::steady_clock::duration wanted;  ///< what a transaction is to take
  int rests;                                   ///< how many times what it took to rest afterwards
  int rests_min;                               ///< the same where there is much to do
};
/// SQLite lets one write at a time: of a hundred receipts two or three meet a purge's transaction,
/// and none waits for long.
inline constexpr PurgeTerms kOneWriterPurge{std::chrono::milliseconds(1), 39, 2};
/// PostgreSQL's writers wait for rows, and no receipt wants those that a purge takes.
inline constexpr PurgeTerms kManyWritersPurge{std::chrono::milliseconds(5), 9, 1};

/// What is left to do, and the time that it is to be done in.
struct PurgeLeft {
  std::int64_t rows = 0;
  std::chrono::steady_clock::duration time{};
};

/// Decides how many rows the next transaction takes, by how long the last one took, and how long to
/// rest first: less the more there is to do, so that a purge keeps up with what comes in.
class PurgePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::int64_t kRowsMin = 8;
  static constexpr std::int64_t kRowsMax = 512;

  explicit PurgePace(PurgeTerms terms) : terms_(terms) {}

  [[nodiscard]] std::int64_t rows() const { return rows_; }

  /// \param took the last transaction, from its begin to its end.
  /// \return how long to rest.
  [[nodiscard]] Duration rest_after(Duration took, const PurgeLeft& left) {
    const Duration share = left.rows > 0 ? left.time * rows_ / left.rows : Duration::max();
    const Duration rest = std::clamp(share - took, terms_.rests_min * took, terms_.rests * took);
    const std::int64_t fitting = took.count() > 0 ? rows_ * terms_.wanted / took : kRowsMax;
    // Halfway, so that one disturbed transaction does not throw it.
    rows_ = std::clamp((rows_ + fitting) / 2, kRowsMin, kRowsMax);
    return rest;
  }

 private:
  PurgeTerms terms_;
  std::int64_t rows_ = 64;
};

/// How much of its interval a pass may take: the next one then begins in time.
[[nodiscard]] constexpr PurgePace::Duration purge_pass_max(PurgePace::Duration interval) {
  return interval * 4 / 5;
}

/// Runs a whole pass at that pace. A step that loses to another writer is tried again.
/// \param pass_max what it is to take at most, as far as the terms allow; half of it for emptying
///   payloads and half of it for removing notifications.
/// \param rest rests that long; \return false to end the purge.
/// \return false where it was ended before it was through.
[[nodiscard]] Connection::Result<bool> run_purge(
    Purge& purge, PurgePace::Duration pass_max, const Purge::Now& now,
    const std::function<bool(PurgePace::Duration)>& rest);

}  // namespace couponhook::storage
