#pragma once

/// \file
/// How fast to purge beside a service.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "storage/purge.hpp"

namespace couponhook::storage {

/// What a purge may take of the time of others.
struct PurgeTerms {
  std::chrono::steady_clock::duration wanted;  ///< what a transaction is to take
  int rests;                                   ///< how many times what it took to rest afterwards
};
/// SQLite lets one write at a time: of a hundred receipts two or three meet a purge's transaction,
/// and none waits for long.
inline constexpr PurgeTerms kOneWriterPurge{std::chrono::milliseconds(1), 39};
/// PostgreSQL's writers wait for rows, and no receipt wants those that a purge takes.
inline constexpr PurgeTerms kManyWritersPurge{std::chrono::milliseconds(5), 9};

/// Decides how many rows the next transaction takes, by how long the last one took, and how long to
/// rest first.
class PurgePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::int64_t kRowsMin = 8;
  static constexpr std::int64_t kRowsMax = 512;

  explicit PurgePace(PurgeTerms terms) : terms_(terms) {}

  [[nodiscard]] std::int64_t rows() const { return rows_; }

  /// \param took the last transaction, from its begin to its end.
  /// \return how long to rest.
  [[nodiscard]] Duration rest_after(Duration took) {
    const std::int64_t fitting = took.count() > 0 ? rows_ * terms_.wanted / took : kRowsMax;
    // Halfway, so that one disturbed transaction does not throw it.
    rows_ = std::clamp((rows_ + fitting) / 2, kRowsMin, kRowsMax);
    return terms_.rests * took;
  }

 private:
  PurgeTerms terms_;
  std::int64_t rows_ = 64;
};

/// Runs a whole pass at that pace. A step that loses to another writer is tried again.
/// \param rest rests that long; \return false to end the purge.
/// \return false where it was ended before it was through.
[[nodiscard]] Connection::Result<bool> run_purge(
    Purge& purge, const std::function<bool(PurgePace::Duration)>& rest);

}  // namespace couponhook::storage
