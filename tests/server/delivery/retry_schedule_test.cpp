// Tests of the retry schedule of failed deliveries: the waiting times are random, grow, respect
// Retry-After, and end. The tests use random numbers with a fixed seed and check the limits of many
// waiting times.

#include "server/delivery/retry_schedule.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

constexpr RetryLimits kLimits{milliseconds(1000), milliseconds(60000), 25};

std::vector<milliseconds> draws(int attempts, std::optional<milliseconds> asked_for = {}) {
  std::mt19937_64 random(7);
  std::vector<milliseconds> waits;
  for (int i = 0; i < 2000; ++i) waits.push_back(*next_wait(kLimits, attempts, asked_for, random));
  std::ranges::sort(waits);
  return waits;
}

TEST(RetrySchedule, DrawsFromAllOfADoublingInterval) {
  for (const auto& [attempts, ceiling] : {std::pair(1, 1000), {2, 2000}, {5, 16000}}) {
    const auto waits = draws(attempts);
    EXPECT_LT(waits.front(), milliseconds(ceiling / 50)) << attempts;
    EXPECT_NEAR(static_cast<double>(waits[waits.size() / 2].count()), ceiling / 2, ceiling / 20);
    EXPECT_GT(waits.back(), milliseconds(ceiling - ceiling / 50)) << attempts;
    EXPECT_LE(waits.back(), milliseconds(ceiling)) << attempts;
  }
}

TEST(RetrySchedule, NeverWaitsLongerThanTheLongest) {
  EXPECT_LE(draws(24).back(), kLimits.longest);
  EXPECT_LE(draws(2, milliseconds(3'600'000)).back(), kLimits.longest);
}

TEST(RetrySchedule, WaitsAtLeastAsLongAsTheTargetAsks) {
  EXPECT_EQ(draws(1, milliseconds(5000)).front(), milliseconds(5000));
}

TEST(RetrySchedule, KeepsItsOwnWaitWhereTheTargetAsksForLess) {
  EXPECT_GT(draws(5, milliseconds(10)).back(), milliseconds(15000));
}

TEST(RetrySchedule, EndsWithTheLastAttempt) {
  std::mt19937_64 random(7);
  EXPECT_TRUE(next_wait(kLimits, 24, {}, random));
  EXPECT_FALSE(next_wait(kLimits, 25, {}, random));
  EXPECT_FALSE(next_wait(kLimits, 26, milliseconds(1), random));
}

TEST(RetrySchedule, TakesALongestThatIsShorterThanTheFirst) {
  std::mt19937_64 random(7);
  EXPECT_LE(*next_wait({milliseconds(1000), milliseconds(20), 5}, 1, {}, random), milliseconds(20));
}

}  // namespace
}  // namespace couponhook::server
