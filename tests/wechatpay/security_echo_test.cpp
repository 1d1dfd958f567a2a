// Tests of the security echo API, with which couponhook asks WeChat Pay to send a test
// notification. Requests and replies have the form in WeChat Pay's documentation.

#include "wechatpay/security_echo.hpp"

#include <gtest/gtest.h>

#include "violations.hpp"

namespace couponhook::wechatpay {
namespace {

TEST(SecurityEchoRequest, HasTheDocumentedShape) {
  const ApiRequest request =
      security_echo_request({"hello", "https://pay.example.com/n", "PUB_KEY_ID_01", {}});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path_and_query, "/v3/security/echo");
  EXPECT_EQ(request.body, R"({"notify_url":"https://pay.example.com/n","echo_message":"hello"})");
  EXPECT_EQ(request.platform_serial, "PUB_KEY_ID_01");
}

TEST(SecurityEchoRequest, AsksForNoCallbackWithoutUrl) {
  EXPECT_EQ(security_echo_request({"hello", "", "5DEA", "Fx9m"}).body,
            R"({"echo_message":"hello","encrypted_echo_message":"Fx9m"})");
}

TEST(SecurityEcho, BreaksAllRulesAtOnce) {
  EXPECT_EQ(
      fields(violations(SecurityEcho{"", "http://pay.example.com/n?a=1", "", {}})),
      (std::vector<std::string>{"notify_url", "notify_url", "echo_message", "Wechatpay-Serial"}));
}

TEST(ParseSecurityEcho, ReadsTheMessage) {
  const auto reply = parse_security_echo(R"({"echo_message":"hello"})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->echo_message, "hello");
  EXPECT_FALSE(parse_security_echo("{}"));
}

TEST(ParseSecurityEchoEvent, ReadsTheMessage) {
  EXPECT_EQ(parse_security_echo_event(R"({"echo_message":"hello"})"), "hello");
  for (const char* resource : {"", "{}", "[]", "{\"echo_message\":{}}"}) {
    EXPECT_EQ(parse_security_echo_event(resource), "") << resource;
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
