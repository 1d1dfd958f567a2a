#include "wechatpay/rate_limiter.hpp"

#include <algorithm>

namespace couponhook::wechatpay {

void RateWindow::forget_before(TimePoint now) {
  while (!taken_.empty() && taken_.front() + limit_.period <= now) taken_.pop_front();
}

RateWindow::Duration RateWindow::reserve(TimePoint now) {
  forget_before(now);
  const auto calls = static_cast<std::size_t>(limit_.calls);
  TimePoint at = taken_.empty() ? now : std::max(now, taken_.back());
  // If the last `calls` calls have used up the rate limit, the next call must wait until one period
  // after the first of these calls.
  if (taken_.size() >= calls) at = std::max(at, taken_[taken_.size() - calls] + limit_.period);
  taken_.push_back(at);
  return at - now;
}

bool RateWindow::try_reserve(TimePoint now) {
  forget_before(now);
  if (taken_.size() >= static_cast<std::size_t>(limit_.calls)) return false;
  taken_.push_back(now);
  return true;
}

RateLimiter::RateLimiter() {
  for (const ApiSpec& spec : all_apis()) windows_.emplace_back(spec.limit);
}

RateWindow::Duration RateLimiter::reserve(Api api, RateWindow::TimePoint now) {
  return windows_.at(static_cast<std::size_t>(api)).reserve(now);
}

}  // namespace couponhook::wechatpay
