#pragma once

/// \file
/// How fast to purge beside a service.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "storage/purge.hpp"

namespace couponhook::storage {

/// Decides how many rows the next transaction takes, by how long the last one took, and how long to
/// rest first. SQLite lets one write at a time, so a receipt may have to wait for one such
/// transaction; few of them should, and none for long.
class PurgePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::int64_t kRowsMin = 8;
  static constexpr std::int64_t kRowsMax = 512;
  /// What a transaction is to take.
  static constexpr Duration kWanted = std::chrono::milliseconds(1);
  /// How many times what it took to rest afterwards: of a hundred receipts two or three meet it.
  static constexpr int kRests = 39;

  [[nodiscard]] std::int64_t rows() const { return rows_; }

  /// \param took the last transaction, from its begin to its end.
  /// \return how long to rest.
  [[nodiscard]] Duration rest_after(Duration took) {
    const std::int64_t fitting = took.count() > 0 ? rows_ * kWanted / took : kRowsMax;
    // Halfway, so that one disturbed transaction does not throw it.
    rows_ = std::clamp((rows_ + fitting) / 2, kRowsMin, kRowsMax);
    return kRests * took;
  }

 private:
  std::int64_t rows_ = 64;
};

/// Runs a whole pass at that pace. A step that loses to another writer is tried again.
/// \param rest rests that long; \return false to end the purge.
/// \return false where it was ended before it was through.
[[nodiscard]] Connection::Result<bool> run_purge(
    Purge& purge, const std::function<bool(PurgePace::Duration)>& rest);

}  // namespace couponhook::storage
