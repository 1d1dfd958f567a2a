// Tests of the formats of URLs, times and JSON in calls of WeChat Pay's APIs.

#include <gtest/gtest.h>

#include "base/json_writer.hpp"
#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "base/wechat_time.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(base::percent_encode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(base::percent_encode("a b/?#&=+%"), "a%20b%2F%3F%23%26%3D%2B%25");
  EXPECT_EQ(base::percent_encode("券\n"), "%E5%88%B8%0A");
}

TEST(SplitUrl, TakesAUrlApart) {
  const auto url = base::split_url("https://u:p@host.example:8443/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user_info, "u:p");
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "c=d");
  EXPECT_TRUE(url->has_fragment);
}

TEST(SplitUrl, RefusesWhatIsNone) {
  for (const char* text : {"", "host/path", "://host", "https://", "https:///x", "https://?x",
                           "https://[::1", "https://[::1]x/", "https://user@/x"}) {
    EXPECT_FALSE(base::split_url(text)) << text;
  }
}

TEST(ParseWechatTime, ReadsAllForms) {
  const sys_seconds expected(
      // Expected time, printed by the command: date -ud 2015-05-20T05:29:35Z +%s
      seconds(1'432'099'775));
  for (const char* text :
       {"2015-05-20T13:29:35+08:00", "2015-05-20T13:29:35.120+08:00", "2015-05-20T05:29:35Z",
        "2015-05-20T00:29:35-05:00", "2015-05-20 13:29:35", "20150520132935"}) {
    EXPECT_EQ(base::parse_wechat_time(text), expected) << text;
  }
  EXPECT_EQ(base::parse_wechat_time("2015-05-20T13:29+08:00"), expected - seconds(35));
}

TEST(ParseWechatTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2015-05-20", "2015-13-20T13:29:35+08:00", "2015-02-29T13:29:35+08:00",
        "2015-05-20T24:29:35+08:00", "2015-05-20T13:29:35", "2015-05-20T13:29:35+08:00x",
        "2015-05-20T13:29:35.+08:00", "-015-05-20T13:29:35+08:00", "2015052013293x",
        "20150520 13:29", "99999999999999"}) {
    EXPECT_FALSE(base::parse_wechat_time(text)) << text;
  }
}

TEST(FormatWechatTime, WritesBeijingTime) {
  EXPECT_EQ(base::format_wechat_time(sys_seconds(seconds(1'432'099'775))),
            "2015-05-20T13:29:35+08:00");
}

TEST(JsonText, TakesOneObjectAndNothingElse) {
  EXPECT_TRUE(JsonText::parse(R"({"a":1})"));
  for (const std::string_view text : {std::string_view(""), std::string_view("[]"),
                                      std::string_view("{}x"), std::string_view("{\"a\":\"\xff\"}"),
                                      std::string_view("{}\0", 3), std::string_view("{\"a\":}")}) {
    EXPECT_FALSE(JsonText::parse(text)) << text;
  }
}

TEST(JsonView, ReadsWhatIsAbsentOrOfAnotherTypeAsEmpty) {
  const auto json = JsonText::parse(R"({"text":"a","number":7,"flag":true,"list":["x",1]})");
  ASSERT_TRUE(json);
  const JsonView root = json->root();
  EXPECT_EQ(root.text("number"), "7");
  EXPECT_EQ(root.text("flag"), "");
  EXPECT_EQ(root.number("text"), std::nullopt);
  EXPECT_FALSE(root.boolean("text"));
  ASSERT_EQ(root.array("list").size(), 2U);
  EXPECT_EQ(root.array("list")[0].text(), "x");
  EXPECT_EQ(root.object("none").object("deeper").text("x"), "");
  EXPECT_TRUE(root.array("text").empty());
}

TEST(JsonText, HasNoControlCharacterInAString) {
  for (int c = 0; c < 0x20; ++c) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'x');
      text[place] = static_cast<char>(c);
      EXPECT_FALSE(JsonText::parse("{\"a\":\"" + text + "\"}")) << c << " at " << place;
      const std::string written =
          base::JsonWriter().begin().text("a", text).text(text, "b").end().take();
      EXPECT_EQ(written.find(static_cast<char>(c)), std::string::npos) << c << " at " << place;
      const auto read = JsonText::parse(written);
      ASSERT_TRUE(read) << written;
      EXPECT_EQ(read->root().text("a"), text) << c << " at " << place;
    }
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
