#pragma once

/// \file
/// Counters of the replies of this process since its start, and their reply times.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/histogram.hpp"
#include "server/verdict/verdict.hpp"

namespace couponhook::server {

/// Upper bounds (inclusive) of the classes of a histogram of reply times, in microseconds. Replies
/// that are slower than the last bound have a class of their own. WeChat Pay waits 5 s for a reply.
inline constexpr std::array<std::uint64_t, 12> kReplyTimeBounds{
    1'000,   2'000,   5'000,   10'000,    25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000};

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
    const bool acknowledged = row(verdict).status == kSuccessStatus;
    times_[acknowledged ? 1 : 0].add(took);
  }
  [[nodiscard]] std::uint64_t of(Verdict verdict) const {
    return counts_[static_cast<std::size_t>(verdict)].load(std::memory_order_relaxed);
  }
  /// Counts `more` connections that were closed to make room for new connections.
  void count_evictions(std::size_t more) { evictions_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t evictions() const {
    return evictions_.load(std::memory_order_relaxed);
  }
  /// Returns the histogram of the reply times, from the arrival of a complete request to its
  /// verdict (result), in microseconds and by the classes of kReplyTimeBounds.
  [[nodiscard]] base::HistogramCounts times() const {
    base::HistogramCounts all = times_[0].counts();
    const base::HistogramCounts acknowledged = times_[1].counts();
    for (std::size_t i = 0; i < all.counts.size(); ++i) all.counts[i] += acknowledged.counts[i];
    all.sum += acknowledged.sum;
    return all;
  }
  /// Returns the same histogram of the acknowledged notifications alone.
  [[nodiscard]] base::HistogramCounts acknowledged() const { return times_[1].counts(); }

 private:
  std::array<std::atomic<std::uint64_t>, kVerdictCount> counts_{};
  /// Reply times: at position 1 those of acknowledged notifications, at position 0 all others.
  std::array<base::Histogram<kReplyTimeBounds>, 2> times_;
  std::atomic<std::uint64_t> evictions_{0};
};

}  // namespace couponhook::server
