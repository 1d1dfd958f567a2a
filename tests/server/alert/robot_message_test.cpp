// Checks requests to group robots: signatures against known answers, and the form of each body.
// Feishu's answer is that of the example in its documentation, which SDKs have in their tests. The
// vendor's page on DingTalk shows code but no result; its answers were computed with OpenSSL.

#include "server/alert/robot_message.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "base/url.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kNowMs = 1661860880123;

crypto::Secret secret(std::string text) {
  return crypto::Secret(std::move(text));
}

TEST(FeishuSignature, AgreesWithTheDocumentedExample) {
  EXPECT_EQ(feishu_signature("xxx", 1661860880), "QnWVTSBe6FmQDE0bG6X0mURbI+DnvVyu1h+j5dHOjrU=");
  EXPECT_EQ(feishu_signature("demo", 100), "jquNHnVOwmDRfw+vqTIrY5dooJAgi5EcRtLsQE4wfXg=");
}

TEST(DingtalkSignature, AgreesWithOpenssl) {
  // printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary
  EXPECT_EQ(dingtalk_signature("this is secret", 1577262236757),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=");
  EXPECT_EQ(dingtalk_signature("xxx", 1661860880), "dIUMcehSFkPlWOGqwoP5EFcartyN67QSY9wbVW+hTbE=");
}

TEST(RobotRequest, OfWecomIsPlainText) {
  const auto request = robot_request(AlertType::kWecom, "/cgi-bin/webhook/send?key=k", "磁盘\n满",
                                     secret(""), kNowMs);
  EXPECT_EQ(request.target, "/cgi-bin/webhook/send?key=k");
  EXPECT_EQ(request.body, R"({"msgtype":"text","text":{"content":"磁盘\n满"}})");
}

TEST(RobotRequest, OfDingtalkHasItsSignatureInTheQuery) {
  const auto request = robot_request(AlertType::kDingtalk, "/robot/send?access_token=t", "a",
                                     secret("SECxyz"), kNowMs);
  const auto target = base::parse_request_target(request.target);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->parameter("access_token"), "t");
  EXPECT_EQ(target->parameter("timestamp"), "1661860880123");
  EXPECT_EQ(target->parameter("sign"), dingtalk_signature("SECxyz", kNowMs));
  EXPECT_EQ(request.target.find('+'), std::string::npos) << "a + in a query means a blank";
  EXPECT_EQ(request.body, R"({"msgtype":"text","text":{"content":"a"}})");
}

TEST(RobotRequest, OfDingtalkWithoutQueryBeginsOne) {
  const auto request =
      robot_request(AlertType::kDingtalk, "/robot/send", "a", secret("SECxyz"), kNowMs);
  EXPECT_TRUE(request.target.starts_with("/robot/send?timestamp=1661860880123&sign="));
}

TEST(RobotRequest, IsNotSignedWithoutSecret) {
  EXPECT_EQ(robot_request(AlertType::kDingtalk, "/r?a=1", "a", secret(""), kNowMs).target,
            "/r?a=1");
  EXPECT_EQ(robot_request(AlertType::kFeishu, "/hook/1", "a", secret(""), kNowMs).body,
            R"({"msg_type":"text","content":{"text":"a"}})");
}

TEST(RobotRequest, OfFeishuHasSecondsAndSignatureInItsBody) {
  const auto request =
      robot_request(AlertType::kFeishu, "/open-apis/bot/v2/hook/1", "a", secret("xxx"), kNowMs);
  EXPECT_EQ(request.target, "/open-apis/bot/v2/hook/1");
  EXPECT_EQ(request.body,
            R"({"timestamp":"1661860880","sign":"QnWVTSBe6FmQDE0bG6X0mURbI+DnvVyu1h+j5dHOjrU=",)"
            R"("msg_type":"text","content":{"text":"a"}})");
}

TEST(RobotRequest, OfFeishuCallsNobody) {
  const auto request =
      robot_request(AlertType::kFeishu, "/hook/1", "<at user_id=\"all\">", secret(""), kNowMs);
  EXPECT_EQ(request.body.find("<at"), std::string::npos);
}

TEST(RobotTextMax, OfWecomIs2048Bytes) {
  EXPECT_EQ(robot_text_max(AlertType::kWecom), 2048U);
  EXPECT_LE(robot_text_max(AlertType::kDingtalk), 20000U);
  EXPECT_LE(robot_text_max(AlertType::kFeishu), 20000U);
}

}  // namespace
}  // namespace couponhook::server
