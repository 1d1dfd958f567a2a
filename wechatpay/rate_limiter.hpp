#pragma once

/// \file
/// Rate limiters for API calls. The caller passes the current time.

#include <chrono>
#include <deque>

#include "wechatpay/api_catalogue.hpp"

namespace couponhook::wechatpay {

/// Sliding-window rate limiter: allows at most `calls` calls in any time span of the limit's
/// period, wherever the span begins. (A token bucket could allow twice as many in one such span.)
/// Not thread-safe.
class RateWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit RateWindow(RateLimit limit) : limit_(limit) {}

  /// Reserves the next free slot.
  /// \return the time to wait before the call; zero means call now.
  [[nodiscard]] Duration reserve(TimePoint now);

  /// Reserves a slot only if one is free now.
  [[nodiscard]] bool try_reserve(TimePoint now);

 private:
  void forget_before(TimePoint now);

  RateLimit limit_;
  std::deque<TimePoint> taken_;  // reserved times in ascending order; may lie in the future
};

/// Rate limiters for all APIs, for the calls of one merchant in this process. Not thread-safe.
class RateLimiter {
 public:
  RateLimiter();

  /// Reserves the next free slot for a call of `api`.
  /// \return the time to wait before the call.
  [[nodiscard]] RateWindow::Duration reserve(Api api, RateWindow::TimePoint now);

 private:
  std::deque<RateWindow> windows_;  // indexed by the value of Api
};

}  // namespace couponhook::wechatpay
