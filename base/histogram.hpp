#pragma once

/// \file
/// Counts of values by size, for the histograms in /metrics.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace couponhook::base {

/// The numbers of a histogram at one moment.
struct HistogramCounts {
  /// Number of values in each class; one more than there are bounds, for values above the last
  /// bound. Empty: the histogram does not exist.
  std::vector<std::uint64_t> counts;
  std::uint64_t sum = 0;  ///< sum of all values, in the unit of the bounds
};

/// A histogram with fixed classes. Counting needs no lock and no memory. Thread-safe.
/// \tparam kBounds inclusive upper bounds of the classes, in ascending order.
template <const auto& kBounds>
class Histogram {
 public:
  void add(std::uint64_t value) {
    const auto bound = std::ranges::lower_bound(kBounds, value);
    const auto place = static_cast<std::size_t>(bound - kBounds.begin());
    counts_[place].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  /// Counts a time, in microseconds; a negative time counts as 0.
  void add(std::chrono::steady_clock::duration time) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, us)));
  }
  [[nodiscard]] HistogramCounts counts() const {
    HistogramCounts result;
    for (const auto& count : counts_) {
      result.counts.push_back(count.load(std::memory_order_relaxed));
    }
    result.sum = sum_.load(std::memory_order_relaxed);
    return result;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

/// Bounds of the time of a commit or of a handler call, in microseconds: 1 ms to 30 s.
inline constexpr std::array<std::uint64_t, 14> kWorkTimeBounds{
    1'000,   2'500,   5'000,     10'000,    25'000,    50'000,     100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

/// Bounds of the time of the check of a signature, in microseconds: 10 us to 10 ms.
inline constexpr std::array<std::uint64_t, 10> kVerifyTimeBounds{10,  25,    50,    100,   250,
                                                                 500, 1'000, 2'500, 5'000, 10'000};

/// Bounds of the number of rows in one commit.
inline constexpr std::array<std::uint64_t, 11> kRowBounds{1,  2,   4,   8,   16,   32,
                                                          64, 128, 256, 512, 1'024};

}  // namespace couponhook::base
