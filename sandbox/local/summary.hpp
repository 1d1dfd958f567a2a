#pragma once

/// \file
/// Results of sending many notifications: counts of the replies, and a histogram of latencies that
/// needs a fixed amount of memory.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace couponhook::server {

/// Histogram of reply latencies. Up to 128 µs, each step of the histogram is 1 µs wide; above, each
/// step is less than 1.6 % of the latency.
class LatencyHistogram {
 public:
  void add(std::chrono::microseconds latency) {
    const auto clamped = std::clamp<std::int64_t>(latency.count(), 0, kMicrosecondsMax);
    const auto value = static_cast<std::uint32_t>(clamped);
    ++counts_[bucket_of(value)];
    ++total_;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  /// Returns the latency that a given share of all replies did not exceed; zero if no latency was
  /// added.
  /// \param share 0 for the shortest latency, 0.5 for the median, 1 for the longest.
  [[nodiscard]] std::chrono::microseconds quantile(double share) const {
    if (total_ == 0) return {};
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_))));
    std::uint64_t seen = 0;
    std::size_t bucket = 0;
    while (seen + counts_[bucket] < rank) seen += counts_[bucket++];
    return std::chrono::microseconds(std::clamp(upper_end(bucket), min_, max_));
  }
  [[nodiscard]] std::chrono::microseconds min() const {
    return std::chrono::microseconds(total_ == 0 ? 0 : min_);
  }
  [[nodiscard]] std::chrono::microseconds max() const { return std::chrono::microseconds(max_); }

 private:
  static constexpr std::int64_t kMicrosecondsMax = std::numeric_limits<std::uint32_t>::max();
  // Number of histogram steps between two powers of two.
  static constexpr std::uint32_t kSteps = 64;
  static constexpr std::size_t kBuckets = kSteps * 27;

  // Returns the index of the histogram step that counts this latency. The index depends on the
  // seven highest bits of the latency and on the number of lower bits that are dropped.
  static std::size_t bucket_of(std::uint32_t value) {
    const auto width = static_cast<std::uint32_t>(std::bit_width(value));
    const std::uint32_t shift = width > 7 ? width - 7 : 0;
    return kSteps * shift + (value >> shift);
  }
  static std::uint32_t upper_end(std::size_t bucket) {
    const std::uint64_t shift = bucket < 2 * kSteps ? 0 : bucket / kSteps - 1;
    const std::uint64_t end = ((bucket - kSteps * shift + 1) << shift) - 1;
    return static_cast<std::uint32_t>(end);
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
  std::uint32_t min_ = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t max_ = 0;
};

/// Results of sending many notifications with send_all().
struct Summary {
  std::uint64_t notifications = 0;
  std::uint64_t copies = 0;
  std::uint64_t unexpected = 0;
  std::map<unsigned, std::uint64_t> by_status;
  /// Number of error replies for each value of the member "code" in the body of the reply.
  std::map<std::string, std::uint64_t> by_code;
  std::uint64_t connection_errors = 0;
  /// Latency of each reply: the time from the first byte sent to the last byte of the reply.
  LatencyHistogram latencies;
  std::chrono::microseconds duration{};
};

}  // namespace couponhook::server
