#pragma once

/// \file
/// Counters of the replies of this process since its start, and their reply times.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/verdict/verdict.hpp"

namespace couponhook::server {

/// Upper bounds (inclusive) of the classes of a histogram of reply times. Replies that are slower
/// than the last bound have a class of their own. WeChat Pay waits 5 s for a reply.
inline constexpr std::array<std::chrono::microseconds, 12> kReplyTimeBounds{
    std::chrono::milliseconds(1),    std::chrono::milliseconds(2),
    std::chrono::milliseconds(5),    std::chrono::milliseconds(10),
    std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
    std::chrono::milliseconds(100),  std::chrono::milliseconds(250),
    std::chrono::milliseconds(500),  std::chrono::milliseconds(1000),
    std::chrono::milliseconds(2500), std::chrono::milliseconds(5000)};

/// Histogram of reply times: from the arrival of a complete request to its verdict (result).
struct ReplyTimes {
  std::array<std::uint64_t, kReplyTimeBounds.size() + 1> counts{};
  std::chrono::microseconds sum{0};
};

/// Counters of the results of requests (verdicts), of reply times, and of connections that were
/// closed to make room for new connections. Thread-safe.
class ReplyCounters {
 public:
  /// Counts a request that was not received completely. Such a request has no reply time.
  void count(Verdict verdict) {
    counts_[static_cast<std::size_t>(verdict)].fetch_add(1, std::memory_order_relaxed);
  }
  /// Counts a request that was received completely, and the time from its arrival to its verdict
  /// (result).
  void count(Verdict verdict, std::chrono::microseconds took) {
    count(verdict);
    const auto bound = std::ranges::lower_bound(kReplyTimeBounds, took);
    const auto position = static_cast<std::size_t>(bound - kReplyTimeBounds.begin());
    const bool acknowledged = row(verdict).status == kSuccessStatus;
    times_[acknowledged ? 1 : 0][position].fetch_add(1, std::memory_order_relaxed);
    times_sum_us_.fetch_add(took.count(), std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t of(Verdict verdict) const {
    return counts_[static_cast<std::size_t>(verdict)].load(std::memory_order_relaxed);
  }
  /// Counts `more` connections that were closed to make room for new connections.
  void count_evictions(std::size_t more) { evictions_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t evictions() const {
    return evictions_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] ReplyTimes times() const {
    ReplyTimes result;
    for (const Classes& classes : times_) {
      for (std::size_t i = 0; i < classes.size(); ++i) {
        result.counts[i] += classes[i].load(std::memory_order_relaxed);
      }
    }
    result.sum = std::chrono::microseconds(times_sum_us_.load(std::memory_order_relaxed));
    return result;
  }
  /// Returns the histogram of the reply times of acknowledged notifications, by the classes of
  /// kReplyTimeBounds.
  [[nodiscard]] std::array<std::uint64_t, kReplyTimeBounds.size() + 1> acknowledged() const {
    std::array<std::uint64_t, kReplyTimeBounds.size() + 1> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts[i] = times_[1][i].load(std::memory_order_relaxed);
    }
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kVerdictCount> counts_{};
  using Classes = std::array<std::atomic<std::uint64_t>, kReplyTimeBounds.size() + 1>;
  /// Reply times: at position 1 those of acknowledged notifications, at position 0 all others.
  std::array<Classes, 2> times_{};
  std::atomic<std::chrono::microseconds::rep> times_sum_us_{0};
  std::atomic<std::uint64_t> evictions_{0};
};

}  // namespace couponhook::server
