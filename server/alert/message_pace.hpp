#pragma once

/// \file
/// Rate limit and backoff of the messages to one receiver of alerts.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>

#include "server/alert/robot_answer.hpp"

namespace couponhook::server {

/// Decides when the next message may be sent: at most ten in a minute, half of what WeCom and
/// DingTalk allow, because several replicas may share a robot. After a failure it waits, longer
/// each time. The caller passes the time. Not thread-safe.
class MessagePace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMostInAMinute = 10;

  [[nodiscard]] bool may_send(TimePoint now) {
    while (!sent_.empty() && now - sent_.front() >= std::chrono::minutes(1)) sent_.pop_front();
    return now >= not_before_ && sent_.size() < kMostInAMinute;
  }
  /// Notes that a message is sent now, whatever will become of it.
  void note_sending(TimePoint now) { sent_.push_back(now); }
  /// Notes the answer to a message, and so when the next one may follow.
  void note_answer(const AlertAnswer& answer, TimePoint now) {
    if (answer.outcome == AlertOutcome::kSent) return reset();
    const bool is_refused = answer.outcome == AlertOutcome::kRefused;
    const Seconds first = is_refused ? kRefusedFirst : answer.wait.value_or(kFailedFirst);
    const Seconds most = is_refused ? kRefusedMost : std::max(kFailedMost, first);
    wait_ = std::clamp(wait_ * 2, first, most);
    not_before_ = now + wait_;
  }
  /// Forgets failures, because the settings may have been corrected.
  void reset() {
    wait_ = Seconds(0);
    not_before_ = {};
  }

 private:
  using Seconds = std::chrono::seconds;
  static constexpr Seconds kFailedFirst{5};
  static constexpr Seconds kFailedMost{600};
  // A refusal lasts until a person acts; the sender tries again when settings are loaded anew.
  static constexpr Seconds kRefusedFirst{3600};
  static constexpr Seconds kRefusedMost{86400};

  std::deque<TimePoint> sent_;
  Seconds wait_{0};
  TimePoint not_before_{};
};

}  // namespace couponhook::server
