#pragma once

/// \file
/// The row numbers of one table that the event feed has seen, and those that it still waits for.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <span>

#include "server/admin/event_position.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Remembers which rows of a table the event feed has seen, so that each row becomes one event. If
/// rows can become visible out of the order of their numbers (PostgreSQL), a number without a row
/// stays missing for a while: its transaction may still commit, or was rolled back, or met a copy
/// of a stored notification. Not thread-safe.
class ArrivalWindow {
 public:
  /// Time for which a missing number is watched. A transaction is committed within milliseconds,
  /// unless its database stalls.
  static constexpr std::chrono::seconds kWatchMax{15};
  /// Largest number of missing numbers that are watched; the oldest are dropped first.
  static constexpr std::size_t kMissingMax = 20'000;
  /// Number of row numbers below a new one that are watched if they are missing.
  static constexpr std::int64_t kGapMax = 1000;

  /// Begins at the end of the table.
  /// \param high the highest number that has a row.
  /// \param seen the numbers above high - kGapMax that have a row.
  /// \param may_be_out_of_order false if a row never becomes visible after one with a higher
  ///   number; then no number is missing.
  void begin(std::int64_t high, std::span<const std::int64_t> seen, bool may_be_out_of_order,
             SteadyClock::time_point now);
  /// Marks a row as seen: one above high(), or a missing one.
  void take(std::int64_t number, SteadyClock::time_point now);
  /// Stops watching the numbers that have been missing for too long.
  void expire(SteadyClock::time_point now);

  [[nodiscard]] std::int64_t high() const { return high_; }
  [[nodiscard]] const std::set<std::int64_t>& missing() const { return missing_; }
  [[nodiscard]] TablePosition position() const { return position_at(high_, missing_); }

 private:
  void miss(std::int64_t first, std::int64_t last, SteadyClock::time_point now);

  struct Noticed {
    SteadyClock::time_point at;
    std::int64_t number;
  };

  bool may_be_out_of_order_ = false;
  std::int64_t high_ = 0;
  std::set<std::int64_t> missing_;
  // All numbers that were noticed as missing, in that order. Some may have been seen since.
  std::deque<Noticed> noticed_;
};

}  // namespace couponhook::server
