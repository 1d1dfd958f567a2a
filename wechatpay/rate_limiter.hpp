#pragma once

/// \file
/// Rate limiters for calls to WeChat Pay's APIs. The caller passes the current time as a parameter.

#include <chrono>
#include <deque>

#include "wechatpay/api_catalogue.hpp"

namespace couponhook::wechatpay {

/// Rate limiter with a sliding window: it allows at most `calls` calls in any time span that is as
/// long as the limit's period, no matter when the span begins. (A token bucket could allow twice as
/// many calls in some of these time spans.) Not thread-safe.
class RateWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit RateWindow(RateLimit limit) : limit_(limit) {}

  /// Reserves the earliest time at which the rate limit allows one more call.
  /// \return the time to wait before the call; zero if the call is allowed now.
  [[nodiscard]] Duration reserve(TimePoint now);

  /// Reserves a call for now, but only if the rate limit allows one more call now.
  /// \return false if the rate limit allows no call now.
  [[nodiscard]] bool try_reserve(TimePoint now);

 private:
  void forget_before(TimePoint now);

  RateLimit limit_;
  // Times of reserved calls, the earliest first. A time may be in the future.
  std::deque<TimePoint> taken_;
};

/// Rate limiters for all of WeChat Pay's APIs, for the calls of one merchant in this process. Not
/// thread-safe.
class RateLimiter {
 public:
  RateLimiter();

  /// Reserves the earliest time at which the rate limit of `api` allows one more call.
  /// \return the time to wait before the call; zero if the call is allowed now.
  [[nodiscard]] RateWindow::Duration reserve(Api api, RateWindow::TimePoint now);

 private:
  std::deque<RateWindow> windows_;  // one rate limiter for each API, indexed by the value of Api
};

}  // namespace couponhook::wechatpay
