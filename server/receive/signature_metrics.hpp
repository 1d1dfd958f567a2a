#pragma once

/// \file
/// Times of the signature checks, and the offset of WeChat Pay's clock, for metrics.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/clock.hpp"
#include "base/histogram.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Figures about the signatures of this process's requests. Counting needs no lock. Thread-safe.
class SignatureMetrics {
 public:
  void count_check(SteadyClock::duration took) { times_.add(took); }

  /// Returns true at most once a second: the clock's offset is then to be noted again, from the
  /// next notification with a valid signature.
  [[nodiscard]] bool is_offset_due(SteadyClock::time_point now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    return noted_at_.load(std::memory_order_relaxed) != second &&
           noted_at_.exchange(second, std::memory_order_relaxed) != second;
  }
  /// Notes the offset of WeChat Pay's clock.
  /// \param sent_s time in the notification's signature, in seconds since the Unix epoch.
  void note_offset(std::int64_t sent_s, std::chrono::system_clock::time_point now) {
    offset_ms_.store(sent_s * 1000 - base::to_unix_ms(now), std::memory_order_relaxed);
  }

  [[nodiscard]] base::HistogramCounts times() const { return times_.counts(); }
  /// Returns WeChat Pay's clock minus this machine's clock; nothing before the first notification.
  [[nodiscard]] std::optional<std::chrono::milliseconds> offset() const {
    const std::int64_t offset = offset_ms_.load(std::memory_order_relaxed);
    if (offset == kNone) return std::nullopt;
    return std::chrono::milliseconds(offset);
  }

 private:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  base::Histogram<base::kVerifyTimeBounds> times_;
  std::atomic<std::int64_t> noted_at_{kNone};
  std::atomic<std::int64_t> offset_ms_{kNone};
};

}  // namespace couponhook::server
