#pragma once

/// \file
/// Rate limiter for all calls of this process to WeChat Pay's APIs.

#include <chrono>
#include <mutex>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Applies WeChat Pay's documented rate limits to all calls of this process together, from all
/// threads and for all merchants, because some limits count by IP address. Thread-safe.
class CallPace {
 public:
  /// Reserves the next time at which a call of the API `api` is allowed.
  /// \return the time that the caller must wait before this call.
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
