// Tests of the history of the counters on SQLite and PostgreSQL: it adds up to the totals, however
// often and by how many connections it is written.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "storage/history.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
/// A time at which a minute and an hour begin.
constexpr std::int64_t kHourBegins = kNow / 3'600'000 * 3'600'000;

class HistoryTest : public StoreTest {
 protected:
  using Series = std::map<std::pair<std::string, std::int64_t>, std::int64_t>;

  void write_at(std::int64_t now_ms, std::vector<HistoryCount> counts = {},
                std::optional<std::int64_t> counted_at_ms = {}) {
    auto connection = writer();
    bool is_settled = false;
    const auto written =
        write_history(*connection, counts, counted_at_ms.value_or(now_ms), now_ms, is_settled);
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_TRUE(is_settled);
  }
  /// Returns the stored values by series and by the minutes, or hours, since kHourBegins.
  Series stored(std::int64_t step_s) {
    const std::int64_t begin_s = kHourBegins / 1000;
    Series series;
    auto values = reader().history(step_s, step_s, begin_s, begin_s + 24 * 3600).value();
    for (const HistoryValue& value : values) {
      if (value.at_s < 0) continue;
      series[{value.series, (value.at_s - begin_s) / step_s}] = value.value;
    }
    return series;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(HistoryTest);

TEST_P(HistoryTest, AddsUpToTheTotals) {
  write_at(kHourBegins);
  write_together(admission("a"), admission("b"), admission("b"));
  write_at(kHourBegins + kMinuteMs);
  write_at(kHourBegins + kMinuteMs);
  write_together(admission("c"), admission("a", 'x'), quarantined('q'));
  write_at(kHourBegins + 2 * kMinuteMs);
  const Series expected{{{"stored", 0}, 2},
                        {{"duplicates", 0}, 1},
                        {{"stored", 1}, 1},
                        {{"conflicts", 1}, 1},
                        {{"quarantined", 1}, 1}};
  EXPECT_EQ(stored(kMinuteS), expected);
  const Series of_hour{
      {{"stored", 0}, 3}, {{"duplicates", 0}, 1}, {{"conflicts", 0}, 1}, {{"quarantined", 0}, 1}};
  EXPECT_EQ(stored(kHourS), of_hour);
}

TEST_P(HistoryTest, BeginsWithTheFirstNotificationOfAStore) {
  write_together(admission("a"));
  write_at(kHourBegins + 5 * kMinuteMs);
  EXPECT_EQ(stored(kMinuteS), (Series{{{"stored", 5}, 1}}));
}

TEST_P(HistoryTest, ShowsTheTotalsThatAreNotWrittenYet) {
  write_at(kHourBegins);
  write_together(admission("a"));
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> found;
  auto values = reader().history(60, 60, kHourBegins / 1000, kHourBegins / 1000 + 60).value();
  for (HistoryValue& value : values) found[{value.at_s, value.series}] = value.value;
  EXPECT_EQ((found[{HistoryValue::kTotal, "stored"}]), 1);
  EXPECT_EQ((found[{HistoryValue::kMark, "stored"}]), 0);
  EXPECT_EQ((found[{HistoryValue::kMark, std::string(kHistoryWrittenAt)}]), kHourBegins);
}

TEST_P(HistoryTest, SumsStoredStepsIntoLongerOnes) {
  for (int i = 0; i < 30; ++i) write_at(kHourBegins + i * kMinuteMs, {{"refused", i}});
  auto values =
      reader().history(900, kMinuteS, kHourBegins / 1000, kHourBegins / 1000 + 3600).value();
  std::vector<std::int64_t> sums;
  for (const HistoryValue& value : values) {
    if (value.at_s >= 0) sums.push_back(value.value);
  }
  std::ranges::sort(sums);
  EXPECT_EQ(sums, (std::vector<std::int64_t>{105, 330}));
}

TEST_P(HistoryTest, AddsTheCountsOfReplicasToTheSameRow) {
  write_at(kHourBegins, {{"refused", 2}, {"probes", 1}});
  write_at(kHourBegins + 1, {{"refused", 3}});
  EXPECT_EQ(stored(kMinuteS), (Series{{{"refused", 0}, 5}, {{"probes", 0}, 1}}));
}

TEST_P(HistoryTest, CountsEachTotalOnceWhileReplicasWriteAtTheSameTime) {
  write_at(kHourBegins);
  for (int i = 0; i < 20; ++i) write_together(admission(numbered("n", i)));
  std::vector<std::thread> replicas;
  for (int replica = 0; replica < 4; ++replica) {
    replicas.emplace_back([this] {
      auto connection = writer();
      for (int i = 0; i < 5; ++i) {
        const std::vector<HistoryCount> counts{{"refused", 1}};
        bool is_settled = false;
        while (!is_settled) {
          static_cast<void>(
              write_history(*connection, counts, kHourBegins, kHourBegins + 1, is_settled));
        }
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(stored(kMinuteS), (Series{{{"stored", 0}, 20}, {{"refused", 0}, 20}}));
}

TEST_P(HistoryTest, DeletesOldSteps) {
  write_at(kHourBegins, {{"refused", 1}});
  write_at(kHourBegins + 2 * kMinuteMs, {{"refused", 2}});
  auto connection = writer();
  ASSERT_TRUE(delete_history(*connection, kMinuteS, kHourBegins / 1000 + 60));
  EXPECT_EQ(stored(kMinuteS), (Series{{{"refused", 2}, 2}}));
  EXPECT_EQ(stored(kHourS), (Series{{{"refused", 0}, 3}}));
}

}  // namespace
}  // namespace couponhook::storage
