// Checks that couponhook trusts API replies only if WeChat Pay signed them, and that every error
// contains advice. A stand-in for WeChat Pay signs the replies; the tests change one thing at a
// time.

#include "wechatpay/reply.hpp"

#include <gtest/gtest.h>

#include "stand_in.hpp"

namespace couponhook::wechatpay {
namespace {

const ApiRequest kRequest{Api::kCouponSend, "POST", "/v3/x", "{}"};

ApiResult<std::string_view> accept(const ApiReply& reply) {
  return accept_reply(kRequest, reply, platform().keys(), kNow);
}

TEST(AcceptReply, GivesTheBodyOfASignedSuccess) {
  const ApiReply reply = signed_reply(R"({"coupon_id":"1"})");
  const auto body = accept(reply);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, R"({"coupon_id":"1"})");
}

TEST(AcceptReply, AcceptsASuccessWithoutContent) {
  EXPECT_TRUE(accept(signed_reply("", platform(), kNow, 204)));
}

TEST(AcceptReply, RefusesAnAlteredBody) {
  ApiReply reply = signed_reply(R"({"coupon_id":"1"})");
  reply.body[14] = '2';
  const auto body = accept(reply);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().failure, ApiFailure::kUntrusted);
}

TEST(AcceptReply, RefusesAReplyWithoutSignature) {
  const auto body = accept({200, {{"Content-Type", "application/json"}}, "{}"});
  ASSERT_FALSE(body);
  EXPECT_NE(body.error().advice.find("proxy"), std::string::npos);
}

TEST(AcceptReply, RefusesAnotherPlatformsSignature) {
  const auto body = accept(signed_reply("{}", other_platform()));
  ASSERT_FALSE(body);
  EXPECT_NE(body.error().advice.find("certificates fetch"), std::string::npos);
}

TEST(AcceptReply, TakesAReplyOfFiveMinutesAgoAndNoOlder) {
  EXPECT_TRUE(accept(signed_reply("{}", platform(), kNow - std::chrono::seconds(300))));
  const auto body = accept(signed_reply("{}", platform(), kNow - std::chrono::seconds(301)));
  ASSERT_FALSE(body);
  EXPECT_NE(body.error().advice.find("clock"), std::string::npos);
}

TEST(AcceptReply, RepeatsAfterAProbe) {
  ApiReply reply = signed_reply("{}");
  for (Header& header : reply.headers) {
    if (header.name == "WECHATPAY-SIGNATURE") header.value.replace(0, 19, "WECHATPAY/SIGNTEST/");
  }
  const auto body = accept(reply);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().retry, Retry::kSoon);
}

TEST(AcceptReply, NeedsNoSignatureOnAFileDownload) {
  const ApiRequest download{Api::kFlowDownload, "GET", "/v3/billdownload/file?token=1", ""};
  EXPECT_TRUE(accept_reply(download, {200, {}, "rows"}, platform().keys(), kNow));
}

TEST(AcceptReply, AcceptsAnErrorWithoutSignature) {
  const auto body = accept({400, {}, R"({"code":"PARAM_ERROR","message":"参数错误"})"});
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().failure, ApiFailure::kRefused);
  EXPECT_EQ(body.error().code, "PARAM_ERROR");
  EXPECT_EQ(body.error().message, "参数错误");
}

TEST(AcceptReply, DoesNotFollowARedirect) {
  const auto body = accept({302, {{"Location", "https://elsewhere.example/"}}, ""});
  ASSERT_FALSE(body);
  EXPECT_NE(body.error().advice.find("base_url"), std::string::npos);
}

TEST(ReadError, ReportsTheInvalidFieldAndTheRequestId) {
  const ApiError error = read_error(
      Api::kStockCreate,
      {400,
       {{"request-id", "08F7"}},
       R"({"code":"PARAM_ERROR","message":"m","detail":{"location":"body","field":"/stock_name","issue":"too long"}})"});
  EXPECT_EQ(error.field, "/stock_name: too long");
  EXPECT_EQ(error.request_id, "08F7");
  EXPECT_NE(error.text().find("stock_create: HTTP 400 PARAM_ERROR"), std::string::npos);
}

TEST(ReadError, SurvivesABodyThatIsNoJson) {
  for (const char* body : {"", "<html>", "[1]", "{", "{\"code\":{}}", "\xff\xfe", "null"}) {
    const ApiError error = read_error(Api::kCouponSend, {502, {}, body});
    EXPECT_TRUE(error.code.empty()) << body;
    EXPECT_FALSE(error.advice.empty()) << body;
  }
}

TEST(ReadError, RemovesLineEndsFromRemoteText) {
  const ApiError error =
      read_error(Api::kCouponSend, {400, {}, R"({"code":"X","message":"a\nforged line"})"});
  EXPECT_EQ(error.text().find('\n'), std::string::npos);
}

TEST(ApiReply, FindsHeadersWhateverTheirLetterCase) {
  const ApiReply reply{200, {{"DATE", "Tue"}, {"x", "1"}}, ""};
  EXPECT_EQ(reply.header("Date"), "Tue");
  EXPECT_EQ(reply.header("dat"), "");
}

}  // namespace
}  // namespace couponhook::wechatpay
