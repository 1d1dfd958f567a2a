// Tests of a handler's circuit breaker: a failing target gets few calls, and normal calls resume
// soon after the target recovers. The tests pass events and times to the circuit breaker.

#include "server/delivery/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using State = CircuitBreaker::State;

const SteadyClock::time_point kStart{std::chrono::hours(1)};

class Breaker : public ::testing::Test {
 protected:
  void fail(int times, SteadyClock::time_point at = kStart) {
    for (int i = 0; i < times; ++i) {
      breaker_.began(at);
      breaker_.failed(at);
    }
  }

  CircuitBreaker breaker_{{3, milliseconds(1000), milliseconds(3000)}};
};

TEST_F(Breaker, LetsEverythingGoWhileTheTargetAnswers) {
  EXPECT_EQ(breaker_.allowed(8, kStart), 8);
}

TEST_F(Breaker, OpensAfterFailuresInARow) {
  fail(2);
  EXPECT_EQ(breaker_.allowed(8, kStart), 8);
  fail(1);
  EXPECT_EQ(breaker_.state(kStart), State::kOpen);
  EXPECT_EQ(breaker_.allowed(8, kStart), 0);
}

TEST_F(Breaker, CountsOnlyFailuresInARow) {
  fail(2);
  breaker_.succeeded();
  fail(2);
  EXPECT_EQ(breaker_.state(kStart), State::kClosed);
}

TEST_F(Breaker, LetsOneProbeGoWhenItsTimeIsOver) {
  fail(3);
  const auto later = kStart + milliseconds(1000);
  EXPECT_EQ(breaker_.allowed(8, later - milliseconds(1)), 0);
  EXPECT_EQ(breaker_.allowed(8, later), 1);
  breaker_.began(later);
  EXPECT_EQ(breaker_.allowed(8, later), 0) << "one at a time";
}

TEST_F(Breaker, ClosesWhenTheProbeSucceeds) {
  fail(3);
  breaker_.began(kStart + milliseconds(1000));
  breaker_.succeeded();
  EXPECT_EQ(breaker_.allowed(8, kStart + milliseconds(1000)), 8);
}

TEST_F(Breaker, StaysOpenForTwiceAsLongWhenTheProbeFailsUpToTheLongest) {
  fail(3);
  auto now = kStart;
  for (const int open_for : {1000, 2000, 3000, 3000}) {
    EXPECT_EQ(breaker_.opens_until(), now + milliseconds(open_for));
    now += milliseconds(open_for);
    fail(1, now);
  }
}

TEST_F(Breaker, StartsAgainWithAShortPauseAfterItWasClosed) {
  fail(3);
  fail(1, kStart + milliseconds(1000));
  breaker_.succeeded();
  fail(3, kStart + milliseconds(9000));
  EXPECT_EQ(breaker_.opens_until(), kStart + milliseconds(10000));
}

TEST_F(Breaker, IsNotHeldOpenLongerByCallsThatBeganBeforeItOpened) {
  for (int i = 0; i < 8; ++i) breaker_.began(kStart);
  for (int i = 0; i < 8; ++i) breaker_.failed(kStart + milliseconds(i));
  EXPECT_EQ(breaker_.opens_until(), kStart + milliseconds(2) + milliseconds(1000));
}

TEST_F(Breaker, LetsAnotherProbeGoWhereOneWasGivenUp) {
  fail(3);
  const auto later = kStart + milliseconds(1000);
  EXPECT_TRUE(breaker_.began(later));
  EXPECT_FALSE(breaker_.began(later)) << "an awaited call beside it is no probe";
  breaker_.abandoned();
  EXPECT_EQ(breaker_.allowed(8, later), 1);
}

}  // namespace
}  // namespace couponhook::server
