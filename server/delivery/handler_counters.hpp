#pragma once

/// \file
/// Counters of the calls of one handler in this process, for metrics.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/histogram.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// Outcome of one attempt to make a delivery.
enum class AttemptOutcome : std::uint8_t {
  kDone,
  kRetry,  ///< the call failed, and the delivery is tried again later
  kDead,   ///< the call failed, and the delivery is given up
  kLost,   ///< the lease ended before the result was recorded, so the result does not count
};
inline constexpr std::size_t kAttemptOutcomes = 4;

/// The counters of one handler at one moment.
struct HandlerFigures {
  std::string handler;
  std::array<std::uint64_t, kAttemptOutcomes> attempts{};  ///< by AttemptOutcome
  base::HistogramCounts call_times;                        ///< in microseconds
  bool is_breaker_open = false;
};

/// Counters of one handler. The delivery worker's thread counts; any thread may read.
class HandlerCounters {
 public:
  void count_call(std::int64_t took_us) {
    call_times_.add(took_us < 0 ? 0 : static_cast<std::uint64_t>(took_us));
  }
  void count_attempt(AttemptOutcome outcome) {
    attempts_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
  void set_breaker_open(bool open) { is_breaker_open_.store(open, std::memory_order_relaxed); }

  [[nodiscard]] HandlerFigures figures(const std::string& handler) const {
    HandlerFigures result{handler, {}, call_times_.counts(), is_breaker_open_.load()};
    for (std::size_t i = 0; i < kAttemptOutcomes; ++i) {
      result.attempts[i] = attempts_[i].load(std::memory_order_relaxed);
    }
    return result;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kAttemptOutcomes> attempts_{};
  base::Histogram<base::kWorkTimeBounds> call_times_;
  std::atomic<bool> is_breaker_open_{false};
};

/// Returns the outcome of an attempt.
/// \param is_counted false if the store refused the result, because the lease had ended.
[[nodiscard]] constexpr AttemptOutcome attempt_outcome(storage::DeliveryResult result,
                                                       bool is_counted) {
  if (!is_counted) return AttemptOutcome::kLost;
  if (result == storage::DeliveryResult::kDone) return AttemptOutcome::kDone;
  return result == storage::DeliveryResult::kRetry ? AttemptOutcome::kRetry : AttemptOutcome::kDead;
}

}  // namespace couponhook::server
