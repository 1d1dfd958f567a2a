#pragma once

/// \file
/// Counts what became of messages to the receivers of alerts.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/config/alert_config.hpp"

namespace couponhook::server {

/// Result of one attempt to send a message.
enum class AlertOutcome : std::uint8_t {
  kSent,       ///< the receiver's answer says that it took the message
  kFailed,     ///< no answer, or an answer that may be another one later; it is tried again
  kThrottled,  ///< over the receiver's rate limit; it is tried again
  kRefused,    ///< refused for a reason that only a person can remove
};
inline constexpr std::size_t kAlertOutcomes = 4;

/// Returns the outcome's name in metrics.
[[nodiscard]] constexpr std::string_view to_string(AlertOutcome outcome) {
  constexpr std::array<std::string_view, kAlertOutcomes> kNames = {"sent", "failed", "throttled",
                                                                   "refused"};
  return kNames[static_cast<std::size_t>(outcome)];
}

/// Numbers of messages by type of the receiver and outcome, since the process started.
/// Thread-safe.
class AlertCounters {
 public:
  void count(AlertType type, AlertOutcome outcome) {
    counts_[index(type, outcome)].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t of(AlertType type, AlertOutcome outcome) const {
    return counts_[index(type, outcome)].load(std::memory_order_relaxed);
  }

 private:
  static std::size_t index(AlertType type, AlertOutcome outcome) {
    return static_cast<std::size_t>(type) * kAlertOutcomes + static_cast<std::size_t>(outcome);
  }
  std::array<std::atomic<std::uint64_t>, kAlertTypes * kAlertOutcomes> counts_{};
};

}  // namespace couponhook::server
