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
  std::string doubt(std::int64_t now_ms, std::int64_t steady_ms, const std::string& boot = "b1",
                    PurgeMode mode = PurgeMode::kRemove) {
    const auto connection = writer();
    const auto found = doubt_about_clock(*connection, now_ms, SteadyTime{boot, steady_ms}, mode);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->value_or("") : "failed";
  }
  static bool says(const std::string& doubt, std::string_view text) {
    return doubt.find(text) != std::string::npos;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(PurgeClock);

TEST_P(PurgeClock, IsBelievedWhereANotificationCameWithinADayOfIt) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 0), "");
  EXPECT_EQ(doubt(kNow + 23 * kHour, 1), "");
  EXPECT_EQ(doubt(kNow - 23 * kHour, 2), "") << "a clock that was set back a little";
}

TEST_P(PurgeClock, IsDoubtedWhereItJumpedAheadWhileTheMachineRan) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 1000), "");
  for (const std::int64_t jump : {2, 200, 4000}) {
    const std::string why = doubt(kNow + jump * kDay, 1000 + kHour);
    EXPECT_TRUE(says(why, "ahead")) << why;
    EXPECT_TRUE(says(why, std::to_string(jump - 1) + " days")) << why;
  }
}

TEST_P(PurgeClock, IsDoubtedWhereItWasSetBack) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 1000), "");
  const std::string why = doubt(kNow - 200 * kDay, 1000 + kHour);
  EXPECT_TRUE(says(why, "back by 200 days")) << why;
  EXPECT_TRUE(says(doubt(kNow - 200 * kDay, 5, "b2"), "before the last notification"));
}

TEST_P(PurgeClock, IsDoubtedWhereAMachineStartsWithItWrong) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 1000), "");
  const std::string why = doubt(kNow + 200 * kDay, 5, "b2");
  EXPECT_TRUE(says(why, "200 days after the last notification")) << why;
  EXPECT_NE(doubt(kNow + 200 * kDay, 6, "b2"), "") << "a doubtful time leaves no mark";
  const auto connection = writer();
  const auto untold = doubt_about_clock(*connection, kNow + 200 * kDay, {}, PurgeMode::kRemove);
  EXPECT_TRUE(untold.value().has_value()) << "a system that tells no steady time";
}

TEST_P(PurgeClock, IsBelievedWhereTheStoreWasMerelyIdle) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 1000), "");
  EXPECT_EQ(doubt(kNow + 300 * kDay, 1000 + 300 * kDay), "");
  EXPECT_EQ(doubt(kNow + 301 * kDay, 1000 + 300 * kDay + 20 * kHour), "") << "the mark goes along";
}

TEST_P(PurgeClock, IsBelievedAgainOnceANotificationComesOrSomebodyHasLookedAtIt) {
  write_together(admission("n"));
  const std::int64_t later = kNow + 200 * kDay;
  EXPECT_NE(doubt(later, 5, "b2"), "");
  Admission fresh = admission("fresh");
  fresh.received_at_ms = later - kHour;
  write_together(std::move(fresh));
  EXPECT_EQ(doubt(later, 6, "b2"), "");
  EXPECT_NE(doubt(later + 100 * kDay, 7, "b2"), "");
  ASSERT_TRUE(trust_clock(*writer(), later + 100 * kDay, SteadyTime{"b2", 8}));
  EXPECT_EQ(doubt(later + 100 * kDay, 9, "b2"), "");
}

TEST_P(PurgeClock, IsNotBelievedForWhatOurOwnClockAloneHasTimed) {
  write_together(admission("n"));
  Admission told = admission("told");
  told.source = "reconcile";
  told.received_at_ms = kNow + 200 * kDay;
  write_together(std::move(told));
  EXPECT_NE(doubt(kNow + 200 * kDay, 5, "b2"), "");
}

TEST_P(PurgeClock, IsShownRightByACopyAndByWhatIsSealed) {
  write_together(admission("n"));
  Admission copy = admission("n");
  copy.received_at_ms = kNow + 200 * kDay;
  write_together(std::move(copy));
  EXPECT_EQ(doubt(kNow + 200 * kDay, 5, "b2"), "");
  Quarantined sealed = quarantined('q');
  sealed.received_at_ms = kNow + 400 * kDay;
  write_together(std::move(sealed));
  EXPECT_EQ(doubt(kNow + 400 * kDay, 5, "b3"), "");
}

TEST_P(PurgeClock, HasNothingToLoseInAStoreThatHasReceivedNothing) {
  EXPECT_EQ(doubt(kNow, 5), "");
  EXPECT_NE(doubt(kNow + 3 * kDay, 6), "") << "but it may jump all the same";
}

TEST_P(PurgeClock, LeavesNoMarkWhereItIsOnlyAskedFor) {
  write_together(admission("n"));
  EXPECT_EQ(doubt(kNow, 5, "b1", PurgeMode::kCount), "");
  EXPECT_NE(doubt(kNow + 3 * kDay, 5 + 3 * kDay), "");
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
