// Checks that log lines with the same cause come at most once a second, and that every suppressed
// line is counted. The tests advance the clock themselves.

#include <map>

#include <gtest/gtest.h>

#include "server/log/line_limit.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LineLimitTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view cause, int burst = 1) {
    return limit_.admit(cause, burst, now_);
  }
  static std::map<std::string, std::uint64_t> counts(
      const std::vector<LineLimit::Suppressed>& suppressed) {
    std::map<std::string, std::uint64_t> found;
    for (const auto& one : suppressed) found[one.cause] += one.count;
    return found;
  }
  using Counts = std::map<std::string, std::uint64_t>;

  LineLimit limit_;
  LineLimit::TimePoint now_{std::chrono::hours(1)};
};

TEST_F(LineLimitTest, LetsThroughOneLineASecondAndCountsTheOthers) {
  std::uint64_t logged = 0;
  std::uint64_t suppressed = 0;
  for (int i = 0; i < 2000; ++i, now_ += milliseconds(10)) {
    if (const auto before = admit("full")) {
      ++logged;
      suppressed += *before;
    }
  }
  EXPECT_EQ(logged, 20U) << "in 20 s";
  suppressed += counts(limit_.take_all())["full"];
  EXPECT_EQ(logged + suppressed, 2000U);
}

TEST_F(LineLimitTest, LetsThroughABurstAfterSilence) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admit("knock", 3), 0U);
  EXPECT_EQ(admit("knock", 3), std::nullopt);
  now_ += seconds(1);
  EXPECT_EQ(admit("knock", 3), 1U) << "one more each second, which tells what was suppressed";
  EXPECT_EQ(admit("knock", 3), std::nullopt);
  now_ += seconds(60);
  EXPECT_EQ(admit("knock", 3), 1U);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(admit("knock", 3), 0U);
  EXPECT_EQ(admit("knock", 3), std::nullopt);
}

TEST_F(LineLimitTest, KeepsCausesApart) {
  EXPECT_EQ(admit("full"), 0U);
  EXPECT_EQ(admit("away"), 0U);
  EXPECT_EQ(admit("full"), std::nullopt);
}

TEST_F(LineLimitTest, LogsTheCountIfNoLineOfItsCauseFollows) {
  EXPECT_EQ(admit("full"), 0U);
  EXPECT_EQ(admit("full"), std::nullopt);
  EXPECT_EQ(counts(limit_.take_overdue(now_)), Counts{}) << "a line may still follow";
  now_ += LineLimit::kQuiet;
  EXPECT_EQ(counts(limit_.take_overdue(now_)), (Counts{{"full", 1}}));
  now_ += LineLimit::kQuiet;
  EXPECT_EQ(counts(limit_.take_overdue(now_)), Counts{}) << "once";
}

TEST_F(LineLimitTest, GivesBackThePlaceAndTheCountOfALineThatWasNotWritten) {
  EXPECT_EQ(admit("full"), 0U);
  EXPECT_EQ(admit("full"), std::nullopt);
  now_ += std::chrono::seconds(1);
  const auto count = admit("full");
  ASSERT_EQ(count, 1U);
  limit_.take_back("full", *count);
  EXPECT_EQ(admit("full"), 1U) << "as if it had not been asked";
}

TEST_F(LineLimitTest, RemembersABoundedNumberOfCausesAndLosesNoCount) {
  for (std::size_t i = 0; i < 3 * LineLimit::kCausesMax; ++i, now_ += milliseconds(1)) {
    EXPECT_EQ(admit(std::to_string(i)), 0U);
    EXPECT_EQ(admit(std::to_string(i)), std::nullopt);
  }
  EXPECT_EQ(limit_.take_all().size(), 3 * LineLimit::kCausesMax);
}

}  // namespace
}  // namespace couponhook::server
