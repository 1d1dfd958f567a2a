#pragma once

/// \file
/// Keeping to a rate limit. The clock is the caller's.

#include <chrono>
#include <deque>

#include "wechatpay/api_catalogue.hpp"

namespace couponhook::wechatpay {

/// Lets through so many calls in any span of the limit's period, wherever the span begins: a bucket
/// that refills would let through twice as many at its edge. Not thread-safe.
class RateWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit RateWindow(RateLimit limit) : limit_(limit) {}

  /// Takes the next free place.
  /// \return how long to wait before the call; zero: now.
  [[nodiscard]] Duration reserve(TimePoint now);

  /// Takes a place only if one is free now.
  [[nodiscard]] bool try_reserve(TimePoint now);

 private:
  void forget_before(TimePoint now);

  RateLimit limit_;
  std::deque<TimePoint> taken_;  // in order; those that wait lie ahead
};

/// The documented limits of all APIs, for one merchant's calls from this process. Not thread-safe.
class RateLimiter {
 public:
  RateLimiter();

  /// \return how long to wait before a call of `api`; the place is taken.
  [[nodiscard]] RateWindow::Duration reserve(Api api, RateWindow::TimePoint now);

 private:
  std::deque<RateWindow> windows_;  // by the number of the API
};

}  // namespace couponhook::wechatpay
