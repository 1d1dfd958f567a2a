// Tests of parsing request targets (path and query of a URL) and whole URLs by RFC 3986. The
// expected results are written in the tests.

#include "base/url.hpp"
#include "base/percent_encoding.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

TEST(Target, DecodesSegmentsAndParameters) {
  const auto target =
      base::parse_request_target("/notifications/a%2Fb?type=COUPON.USE&since=x%2By&empty=");

  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"notifications", "a/b"}));
  EXPECT_EQ(target->parameter("type"), "COUPON.USE");
  EXPECT_EQ(target->parameter("since"), "x+y");
  EXPECT_EQ(target->parameter("empty"), "");
  EXPECT_EQ(target->parameter("absent"), std::nullopt);
}

TEST(Target, HasNoSegmentsAtTheRoot) {
  ASSERT_TRUE(base::parse_request_target("/"));
  EXPECT_TRUE(base::parse_request_target("/")->segments.empty());
}

TEST(Target, RefusesWhatIsNoPath) {
  EXPECT_FALSE(base::parse_request_target("*"));
  EXPECT_FALSE(base::parse_request_target("/%zz"));
}

TEST(PercentEncoding, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(base::percent_encode("a/b c+~"), "a%2Fb%20c%2B~");
}

TEST(Url, KnowsHostPortAndTarget) {
  const auto url = base::parse_url("https://[::1]:8443/a?b=c#d");

  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(url->authority(), "[::1]:8443");
}

TEST(Url, FillsInTheSchemesPortAndTheRoot) {
  const auto url = base::parse_url("http://shop.example");

  ASSERT_TRUE(url);
  EXPECT_EQ(url->port, "80");
  EXPECT_EQ(url->target, "/");
  EXPECT_EQ(url->authority(), "shop.example");
}

TEST(Url, KnowsWhatStaysOnThisMachine) {
  for (const char* url : {"http://localhost:8444", "http://127.8.0.1", "https://[::1]:8444/a"}) {
    EXPECT_TRUE(base::parse_url(url)->is_loopback()) << url;
  }
  for (const char* url : {"http://127.0.0.1.example", "https://10.0.0.1", "http://localhost.x"}) {
    EXPECT_FALSE(base::parse_url(url)->is_loopback()) << url;
  }
}

TEST(Url, RefusesOtherSchemesAndNoHost) {
  EXPECT_FALSE(base::parse_url("ftp://shop.example/"));
  EXPECT_FALSE(base::parse_url("https:///path"));
  EXPECT_FALSE(base::parse_url("shop.example"));
}

TEST(Url, RefusesBracketsAroundWhatIsNoIpv6Address) {
  for (const char* url : {"http://[::@]:8080/", "http://[shop.example]/", "http://[10.0.0.1]/"}) {
    EXPECT_FALSE(base::parse_url(url)) << url;
  }
}

TEST(Url, RefusesControlCharactersAndBlanks) {
  for (const char* url : {"http://h/a\r\nX: y", "http://h/a b", "http://h/\x7f", "http://h\t/"}) {
    EXPECT_FALSE(base::parse_url(url)) << url;
  }
}

}  // namespace
}  // namespace couponhook::server
