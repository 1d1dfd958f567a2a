// Tests of the time parser: it accepts every time format in WeChat Pay's documentation and in real
// notifications, and refuses all others. Python's datetime module computed the expected values.

#include "base/wechat_time.hpp"

#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

TEST(ParseEventTime, ReadsTheFormsOfDocumentationAndTraffic) {
  struct Row {
    const char* text;
    std::int64_t unix_ms;
  };
  for (const auto& [text, unix_ms] : {
           Row{"2021-02-01T15:25:25+08:00", 1612164325000},
           {"2015-05-20T13:29:35.120+08:00", 1432099775120},
           {"2015-05-20T13:29:35.12+08:00", 1432099775120},
           {"2015-05-20T13:29:35.120999999+08:00", 1432099775120},
           {"2025-01-01T00:00+08:00", 1735660800000},
           {"20180225112233", 1519528953000},
           {"2024-02-29T12:00:00-05:30", 1709227800000},
           {"2023-12-31T23:30:00-01:00", 1704069000000},
           {"2021-02-01T07:25:25Z", 1612164325000},
           {"1969-12-31T23:59:59.250Z", -750},
           {"2016-12-31T23:59:60Z", 1483228800000},
       }) {
    const auto time = base::parse_event_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->time_since_epoch().count(), unix_ms) << text;
  }
}

TEST(ParseEventTime, RefusesEverythingElse) {
  for (const char* text : {
           "",
           "now",
           "2021-02-01",
           "2021-02-01T15:25:25",
           "2021-02-01 15:25:25+08:00",
           "2021-02-01T15:25:25+0800",
           "2021-02-01T15:25:25+08:00 ",
           " 2021-02-01T15:25:25+08:00",
           "2021-02-01T15:25:25.+08:00",
           "2021-02-01T15+08:00",
           "2021-2-1T15:25:25+08:00",
           "2021-13-01T15:25:25+08:00",
           "2021-00-01T15:25:25+08:00",
           "2021-02-29T15:25:25+08:00",
           "2021-02-01T24:00:00+08:00",
           "2021-02-01T15:60:00+08:00",
           "2021-02-01T15:25:61+08:00",
           "2021-02-01T15:25:25+24:00",
           "2021-02-01T15:25:25+08:60",
           "-021-02-01T15:25:25+08:00",
           "20180225112260x",
           "20180231112233",
           "2018022511223",
           "201802251122333",
           "1612164325",
           "2021-02-01T15:25:25+08:00Z",
           "２０２１-02-01T15:25:25+08:00",
       }) {
    EXPECT_FALSE(base::parse_event_time(text)) << text;
  }
}

TEST(ParseEventTime, ReadsNoPrefixOfATimeAsATime) {
  constexpr std::string_view kWhole = "2015-05-20T13:29:35.120+08:00";
  for (std::size_t length = 0; length < kWhole.size(); ++length) {
    EXPECT_FALSE(base::parse_event_time(kWhole.substr(0, length))) << length;
  }
}

TEST(FormatEventTime, WritesWhatItReads) {
  for (const std::string_view text :
       {"2026-03-02T00:11:09.000Z", "2024-02-29T23:59:59.999Z", "1970-01-01T00:00:00.001Z"}) {
    EXPECT_EQ(base::format_event_time(*base::parse_event_time(text)), text);
  }
}

}  // namespace
}  // namespace couponhook::handlers
