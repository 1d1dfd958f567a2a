// Tests of the rate limiter: in any time span as long as the limit's period, it must allow no more
// calls than the limit. The tests use a clock that they advance themselves.

#include "wechatpay/rate_limiter.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace couponhook::wechatpay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RateWindow::TimePoint kStart{seconds(1000)};

TEST(RateWindow, LetsTheFirstCallsThroughAtOnce) {
  RateWindow window({3, seconds(60)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(window.reserve(kStart), seconds(0));
  EXPECT_EQ(window.reserve(kStart), seconds(60));
}

TEST(RateWindow, FreesAPlaceWhenItsPeriodIsOver) {
  RateWindow window({2, seconds(60)});
  EXPECT_EQ(window.reserve(kStart), seconds(0));
  EXPECT_EQ(window.reserve(kStart + seconds(50)), seconds(0));
  EXPECT_EQ(window.reserve(kStart + seconds(55)), seconds(5));
  EXPECT_EQ(window.reserve(kStart + seconds(60)), seconds(50));
}

TEST(RateWindow, HoldsInEverySpanHoweverCallsCome) {
  constexpr int kCalls = 5;
  constexpr milliseconds kPeriod{1000};
  RateWindow window({kCalls, seconds(1)});
  std::vector<RateWindow::TimePoint> made;
  RateWindow::TimePoint now = kStart;
  for (int i = 0; i < 500; ++i) {
    now += milliseconds((i * 37) % 211);
    made.push_back(now + window.reserve(now));
  }
  for (std::size_t i = kCalls; i < made.size(); ++i) {
    ASSERT_GE(made[i] - made[i - kCalls], kPeriod) << i;
  }
}

TEST(RateWindow, RefusesRatherThanWaitsWhereAsked) {
  RateWindow window({1, seconds(60)});
  EXPECT_TRUE(window.try_reserve(kStart));
  EXPECT_FALSE(window.try_reserve(kStart + seconds(59)));
  EXPECT_TRUE(window.try_reserve(kStart + seconds(60)));
}

TEST(RateLimiter, KeepsTheApisApart) {
  RateLimiter limiter;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.reserve(Api::kUseFlow, kStart), seconds(0));
  EXPECT_EQ(limiter.reserve(Api::kUseFlow, kStart), seconds(60));
  EXPECT_EQ(limiter.reserve(Api::kRefundFlow, kStart), seconds(0));
}

}  // namespace
}  // namespace couponhook::wechatpay
