// Checks that a purge deletes nothing while the wall clock is far ahead or behind, and that a store
// without new notifications is still purged. The tests examine the same rows at different
// wall-clock times, with a given time of the steady clock.

#include "storage/retention/purge_clock.hpp"

#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

class PurgeClock : public StoreTest {
 protected:
  /// Returns the reason why a purge would not trust the wall clock; an empty text if it would trust
  /// the clock.
  std::string clock_error(std::int64_t now_ms, std::int64_t steady_ms,
                          const std::string& boot = "b1", PurgeMode mode = PurgeMode::kRemove) {
    const auto connection = writer();
    const auto found = find_clock_error(*connection, now_ms, SteadyTime{boot, steady_ms}, mode);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->value_or("") : "failed";
  }
  static bool contains(const std::string& clock_error, std::string_view text) {
    return clock_error.find(text) != std::string::npos;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(PurgeClock);

TEST_P(PurgeClock, IsTrustedIfANotificationCameWithinADay) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 0), "");
  EXPECT_EQ(clock_error(kNow + 23 * kHour, 1), "");
  EXPECT_EQ(clock_error(kNow - 23 * kHour, 2), "") << "a clock that was set back a little";
}

TEST_P(PurgeClock, IsNotTrustedAfterAJumpAhead) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 1000), "");
  for (const std::int64_t jump : {2, 200, 4000}) {
    const std::string why = clock_error(kNow + jump * kDay, 1000 + kHour);
    EXPECT_TRUE(contains(why, "ahead")) << why;
    EXPECT_TRUE(contains(why, std::to_string(jump - 1) + " days")) << why;
  }
}

TEST_P(PurgeClock, IsNotTrustedAfterItWasSetBack) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 1000), "");
  const std::string why = clock_error(kNow - 200 * kDay, 1000 + kHour);
  EXPECT_TRUE(contains(why, "back by 200 days")) << why;
  EXPECT_TRUE(contains(clock_error(kNow - 200 * kDay, 5, "b2"), "before the last notification"));
}

TEST_P(PurgeClock, IsNotTrustedIfWrongWhenTheMachineStarts) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 1000), "");
  const std::string why = clock_error(kNow + 200 * kDay, 5, "b2");
  EXPECT_TRUE(contains(why, "200 days after the last notification")) << why;
  EXPECT_NE(clock_error(kNow + 200 * kDay, 6, "b2"), "") << "a doubtful time leaves no mark";
  const auto connection = writer();
  const auto without_steady_time =
      find_clock_error(*connection, kNow + 200 * kDay, {}, PurgeMode::kRemove);
  EXPECT_TRUE(without_steady_time.value().has_value()) << "a system that tells no steady time";
}

TEST_P(PurgeClock, IsTrustedIfTheStoreWasOnlyIdle) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 1000), "");
  EXPECT_EQ(clock_error(kNow + 300 * kDay, 1000 + 300 * kDay), "");
  EXPECT_EQ(clock_error(kNow + 301 * kDay, 1000 + 300 * kDay + 20 * kHour), "")
      << "the mark goes along";
}

TEST_P(PurgeClock, IsTrustedAgainAfterANotificationOrAnOverride) {
  write_together(admission("n"));
  const std::int64_t later = kNow + 200 * kDay;
  EXPECT_NE(clock_error(later, 5, "b2"), "");
  Admission fresh = admission("fresh");
  fresh.received_at_ms = later - kHour;
  write_together(std::move(fresh));
  EXPECT_EQ(clock_error(later, 6, "b2"), "");
  EXPECT_NE(clock_error(later + 100 * kDay, 7, "b2"), "");
  ASSERT_TRUE(trust_clock(*writer(), later + 100 * kDay, SteadyTime{"b2", 8}));
  EXPECT_EQ(clock_error(later + 100 * kDay, 9, "b2"), "");
}

TEST_P(PurgeClock, IsNotTrustedForTimesOfOurOwnClockAlone) {
  write_together(admission("n"));
  Admission reconciled = admission("told");
  reconciled.source = "reconcile";
  reconciled.received_at_ms = kNow + 200 * kDay;
  write_together(std::move(reconciled));
  EXPECT_NE(clock_error(kNow + 200 * kDay, 5, "b2"), "");
}

TEST_P(PurgeClock, IsConfirmedByACopyAndBySealedBodies) {
  write_together(admission("n"));
  Admission copy = admission("n");
  copy.received_at_ms = kNow + 200 * kDay;
  write_together(std::move(copy));
  EXPECT_EQ(clock_error(kNow + 200 * kDay, 5, "b2"), "");
  Quarantined sealed = quarantined('q');
  sealed.received_at_ms = kNow + 400 * kDay;
  write_together(std::move(sealed));
  EXPECT_EQ(clock_error(kNow + 400 * kDay, 5, "b3"), "");
}

TEST_P(PurgeClock, HasNothingToLoseInAStoreThatHasReceivedNothing) {
  EXPECT_EQ(clock_error(kNow, 5), "");
  EXPECT_NE(clock_error(kNow + 3 * kDay, 6), "") << "but it may jump all the same";
}

TEST_P(PurgeClock, LeavesNoMarkWhereItIsOnlyAskedFor) {
  write_together(admission("n"));
  EXPECT_EQ(clock_error(kNow, 5, "b1", PurgeMode::kCount), "");
  EXPECT_NE(clock_error(kNow + 3 * kDay, 5 + 3 * kDay), "");
}

TEST(SteadyTimeOfTheSystem, GoesOnAndNamesTheMachinesStart) {
  const auto first = steady_time();
  ASSERT_TRUE(first);
  const auto second = steady_time();
  EXPECT_EQ(first->boot, second->boot);
  EXPECT_GT(first->boot.size(), 30U);
  EXPECT_GT(first->ms, 0);
  EXPECT_GE(second->ms, first->ms);
}

}  // namespace
}  // namespace couponhook::storage
