// Checks that platform certificates are downloaded and written to files neither too rarely nor too
// often, whichever step fails. The tests pass the time as a parameter.

#include "server/outbound/certificate_schedule.hpp"

#include <vector>

#include <gmock/gmock.h>

namespace couponhook::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Schedule : public ::testing::Test {
 protected:
  /// Returns the minutes at which a download of certificates is due, if every download fails.
  std::vector<int> failing_fetches(bool has_none, int count) {
    std::vector<int> due;
    for (int minute = 0; static_cast<int>(due.size()) < count; ++minute) {
      const auto now = start_ + minutes(minute);
      if (!schedule_.take_fetch(now)) continue;
      due.push_back(minute);
      schedule_.fetch_failed(now, has_none);
    }
    return due;
  }
  /// Returns the seconds at which writing the certificates to files is due, if every write fails.
  std::vector<int> failing_keeps(int count) {
    std::vector<int> due;
    for (int second = 0; static_cast<int>(due.size()) < count; ++second) {
      const auto now = start_ + seconds(second);
      if (!schedule_.take_keep(now)) continue;
      due.push_back(second);
      schedule_.keep_failed(now);
    }
    return due;
  }

  CertificateSchedule::TimePoint start_ =
      CertificateSchedule::TimePoint() + std::chrono::hours(1000);
  CertificateSchedule schedule_{minutes(60)};
};

TEST_F(Schedule, FetchesAtTheStartAndThenInIntervals) {
  EXPECT_TRUE(schedule_.take_fetch(start_));
  schedule_.fetched(start_);

  EXPECT_FALSE(schedule_.take_fetch(start_ + minutes(59)));
  EXPECT_TRUE(schedule_.take_fetch(start_ + minutes(60)));
}

TEST_F(Schedule, FetchesAtMostOnceAMinuteHoweverOftenItIsAsked) {
  int fetches = 0;
  for (int second = 0; second < 300; ++second) {
    schedule_.ask();
    if (!schedule_.take_fetch(start_ + seconds(second))) continue;
    ++fetches;
    schedule_.fetched(start_ + seconds(second));
  }
  EXPECT_EQ(fetches, 5);
}

TEST_F(Schedule, KeepsARequestUntilItsMinuteComes) {
  ASSERT_TRUE(schedule_.take_fetch(start_));
  schedule_.fetched(start_);
  schedule_.ask();

  EXPECT_FALSE(schedule_.take_fetch(start_ + seconds(30)));
  EXPECT_TRUE(schedule_.take_fetch(start_ + seconds(60)));
}

TEST_F(Schedule, RepeatsAFetchThatFailsWithBackoffUpToTheInterval) {
  EXPECT_THAT(failing_fetches(false, 9), ::testing::ElementsAre(0, 1, 3, 7, 15, 31, 63, 123, 183));
}

TEST_F(Schedule, RepeatsItEveryMinuteWhereNoKeyIsKnownAtAll) {
  EXPECT_THAT(failing_fetches(true, 5), ::testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(Schedule, NeverFetchesForAPublicKeyMerchant) {
  ASSERT_TRUE(schedule_.take_fetch(start_));
  schedule_.never_fetch();
  schedule_.ask();

  EXPECT_FALSE(schedule_.take_fetch(start_ + std::chrono::hours(1000)));
  EXPECT_FALSE(schedule_.take_keep(start_));
}

TEST_F(Schedule, TriesToKeepAtTheStartAndRepeatsItWithBackoffForEver) {
  EXPECT_THAT(failing_keeps(9), ::testing::ElementsAre(0, 5, 15, 35, 75, 155, 315, 635, 955));
}

TEST_F(Schedule, KeepsOnceAndAgainOnlyWhenThereIsSomethingToKeep) {
  EXPECT_TRUE(schedule_.take_keep(start_));
  schedule_.kept();
  EXPECT_FALSE(schedule_.take_keep(start_ + std::chrono::hours(1000)));
  schedule_.want_keep(start_ + minutes(60));
  EXPECT_TRUE(schedule_.take_keep(start_ + minutes(60)));
}

TEST_F(Schedule, KeepsAtOnceWhatWasFetchedHoweverLongKeepingHasFailed) {
  static_cast<void>(failing_keeps(9));
  const auto now = start_ + seconds(956);
  EXPECT_FALSE(schedule_.take_keep(now));
  schedule_.want_keep(now);
  EXPECT_TRUE(schedule_.take_keep(now));
}

TEST_F(Schedule, ContinuesInANewConfigurationAndRetriesAfterFailure) {
  ASSERT_TRUE(schedule_.take_fetch(start_));
  schedule_.fetched(start_);
  CertificateSchedule same(minutes(60), schedule_, false);
  EXPECT_FALSE(same.take_fetch(start_ + minutes(2)));
  CertificateSchedule changed(minutes(60), schedule_, true);
  EXPECT_FALSE(changed.take_fetch(start_ + seconds(30))) << "the minute still counts";
  EXPECT_TRUE(changed.take_fetch(start_ + minutes(2)));

  schedule_.fetch_failed(start_, false);
  CertificateSchedule failed(minutes(60), schedule_, false);
  EXPECT_TRUE(failed.take_fetch(start_ + minutes(1)));
}

}  // namespace
}  // namespace couponhook::server
