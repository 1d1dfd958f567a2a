// Positions of clients in the event stream: the text form, and which numbers a position names.

#include "server/admin/event_position.hpp"

#include <gtest/gtest.h>

#include "server/admin/arrival_window.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

TEST(EventPosition, IsTheSameAfterItWasWrittenAndParsed) {
  const std::vector<EventPosition> positions{
      {{0, {}}, {0, {}}},
      {{120, {}}, {7, {}}},
      {{120, {{117, 118}, {120, 120}}}, {7, {{1, 7}}}},
  };
  for (const EventPosition& position : positions) {
    const auto parsed = parse_event_position(to_text(position));
    ASSERT_TRUE(parsed) << to_text(position);
    EXPECT_EQ(*parsed, position) << to_text(position);
  }
  EXPECT_EQ(to_text(positions[2]), "120~117-118~120.7~1-7");
}

TEST(EventPosition, OfANumberAloneIsThatOfTheNotifications) {
  const auto parsed = parse_event_position("12");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->notifications, (TablePosition{12, {}}));
  EXPECT_GT(parsed->quarantine.high, 1'000'000'000);
}

TEST(EventPosition, RefusesEverythingElse) {
  for (const char* text : {"", "x", "1.", ".1", "-1.0", "1.2.3", "1 .2", "5~6.0", "5~0.0",
                           "5~3~2.0", "5~3-2.0", "5~.0", "99999999999999999999.0", "5~2-2-2.0"}) {
    EXPECT_FALSE(parse_event_position(text)) << text;
  }
  std::string long_text = "1000";
  for (std::size_t i = 0; i <= kMissingRangesMax; ++i) {
    long_text += "~" + std::to_string(2 * i + 1);
  }
  EXPECT_FALSE(parse_event_position(long_text + ".0"));
}

TEST(EventPosition, NamesTheMissingNumbersAsRanges) {
  EXPECT_EQ(position_at(10, {2, 3, 4, 7, 12}), (TablePosition{10, {{2, 4}, {7, 7}}}));
}

TEST(EventPosition, GoesBackIfItCannotNameAllMissingNumbers) {
  std::set<std::int64_t> missing;
  for (std::int64_t i = 1; i <= 100; ++i) missing.insert(2 * i);
  const TablePosition position = position_at(1000, missing);
  EXPECT_EQ(position.missing.size(), kMissingRangesMax);
  // 2, 4 … 80 are named; the next missing number is 82.
  EXPECT_EQ(position.high, 81);
}

class ArrivalWindows : public testing::Test {
 protected:
  const SteadyClock::time_point now_ = SteadyClock::now();
  ArrivalWindow window_;
};

TEST_F(ArrivalWindows, WaitsForTheNumbersBetweenTheSeenOnes) {
  window_.begin(10, std::vector<std::int64_t>{10, 9, 7, 6, 5, 4, 3, 2, 1}, true, now_);
  EXPECT_EQ(window_.position(), (TablePosition{10, {{8, 8}}}));
  window_.take(13, now_);
  EXPECT_EQ(window_.position(), (TablePosition{13, {{8, 8}, {11, 12}}}));
  window_.take(8, now_);
  window_.take(12, now_);
  EXPECT_EQ(window_.position(), (TablePosition{13, {{11, 11}}}));
}

TEST_F(ArrivalWindows, StopsWaitingAfterAWhile) {
  window_.begin(0, {}, true, now_);
  window_.take(3, now_);
  window_.take(5, now_ + milliseconds(1000));
  window_.expire(now_ + ArrivalWindow::kWatchMax);
  EXPECT_EQ(window_.missing(), (std::set<std::int64_t>{1, 2, 4}));
  window_.expire(now_ + ArrivalWindow::kWatchMax + milliseconds(1));
  EXPECT_EQ(window_.missing(), (std::set<std::int64_t>{4}));
}

TEST_F(ArrivalWindows, IsLimitedWhenNumbersJump) {
  window_.begin(0, {}, true, now_);
  std::int64_t number = 0;
  for (int i = 0; i < 50; ++i) window_.take(number += std::int64_t{1} << 40, now_);
  window_.expire(now_);
  EXPECT_LE(window_.missing().size(), ArrivalWindow::kMissingMax);
  EXPECT_TRUE(window_.missing().contains(number - 1));
}

TEST_F(ArrivalWindows, WaitsForNothingWhereRowsComeInOrder) {
  window_.begin(10, {}, false, now_);
  window_.take(20, now_);
  EXPECT_EQ(window_.position(), (TablePosition{20, {}}));
}

}  // namespace
}  // namespace couponhook::server
