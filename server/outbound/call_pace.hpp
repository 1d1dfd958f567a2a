#pragma once

/// \file
/// How fast a process may call WeChat Pay.

#include <chrono>
#include <mutex>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// The documented limits, for all calls of this process together: whichever thread makes them, and
/// for whichever merchant, since some count by address. Thread-safe.
class CallPace {
 public:
  /// \return how long to wait before a call of `api`; its place is taken.
  [[nodiscard]] std::chrono::steady_clock::duration reserve(
      wechatpay::Api api, std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    return limiter_.reserve(api, now);
  }

 private:
  std::mutex mutex_;
  wechatpay::RateLimiter limiter_;
};

}  // namespace couponhook::server
