#pragma once

/// \file
/// Rate limiter for this process's calls to WeChat Pay.

#include <chrono>
#include <mutex>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Applies WeChat Pay's documented rate limits to all calls of this process together, from all
/// threads and for all merchants, because some limits count by IP address. Thread-safe.
class CallPace {
 public:
  /// Reserves a place for a call of `api`. \return the time to wait before the call.
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
