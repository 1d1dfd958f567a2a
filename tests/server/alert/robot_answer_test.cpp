// Checks how answers of robots are judged: by the code in the body, with advice that repeats
// nothing of the answer. The table has each documented code of each vendor.

#include "server/alert/robot_answer.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

AlertAnswer judge(AlertType type, std::string body, unsigned status = 200,
                  std::string retry_after = {}) {
  ClientReply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.retry_after = std::move(retry_after);
  return judge_answer(type, reply, {});
}

std::string with_code(AlertType type, int code) {
  const std::string key = type == AlertType::kFeishu ? "code" : "errcode";
  return "{\"" + key + "\":" + std::to_string(code) + ",\"errmsg\":\"key=CANARY\"}";
}

TEST(AlertAnswer, IsJudgedByTheCodeInTheBody) {
  struct Row {
    AlertType type;
    int code;
    AlertOutcome outcome;
  };
  for (const Row& row : {Row{AlertType::kWecom, 0, AlertOutcome::kSent},
                         Row{AlertType::kWecom, 45009, AlertOutcome::kThrottled},
                         Row{AlertType::kWecom, 93000, AlertOutcome::kRefused},
                         Row{AlertType::kWecom, -1, AlertOutcome::kFailed},
                         Row{AlertType::kDingtalk, 0, AlertOutcome::kSent},
                         Row{AlertType::kDingtalk, 130101, AlertOutcome::kThrottled},
                         Row{AlertType::kDingtalk, 410100, AlertOutcome::kThrottled},
                         Row{AlertType::kDingtalk, 310000, AlertOutcome::kRefused},
                         Row{AlertType::kDingtalk, 300005, AlertOutcome::kRefused},
                         Row{AlertType::kDingtalk, 93000, AlertOutcome::kFailed},
                         Row{AlertType::kFeishu, 0, AlertOutcome::kSent},
                         Row{AlertType::kFeishu, 11232, AlertOutcome::kThrottled},
                         Row{AlertType::kFeishu, 19021, AlertOutcome::kRefused},
                         Row{AlertType::kFeishu, 19022, AlertOutcome::kRefused},
                         Row{AlertType::kFeishu, 19024, AlertOutcome::kRefused},
                         Row{AlertType::kFeishu, 9499, AlertOutcome::kRefused}}) {
    for (const unsigned status : {200U, 400U}) {
      const AlertAnswer answer = judge(row.type, with_code(row.type, row.code), status);
      EXPECT_EQ(answer.outcome, row.outcome) << to_string(row.type) << " " << row.code;
      EXPECT_EQ(answer.reason.empty(), row.outcome == AlertOutcome::kSent);
      EXPECT_THAT(answer.reason, Not(HasSubstr("CANARY")));
      if (row.code == 0) continue;
      EXPECT_THAT(answer.reason, HasSubstr(std::to_string(row.code)));
    }
  }
}

TEST(AlertAnswer, WaitsAsLongAsTheVendorShutsOut) {
  EXPECT_EQ(judge(AlertType::kWecom, with_code(AlertType::kWecom, 45009)).wait, seconds(60));
  EXPECT_EQ(judge(AlertType::kDingtalk, with_code(AlertType::kDingtalk, 130101)).wait,
            seconds(600));
  EXPECT_EQ(judge(AlertType::kFeishu, with_code(AlertType::kFeishu, 11232)).wait, seconds(5));
  EXPECT_EQ(judge(AlertType::kWecom, with_code(AlertType::kWecom, -1)).wait, std::nullopt);
}

TEST(AlertAnswer, WithoutTheCodeIsNoSuccess) {
  for (const char* body : {"", "ok", "[]", "{}", R"({"errcode":"0"})", R"({"code":0})"}) {
    EXPECT_EQ(judge(AlertType::kWecom, body).outcome, AlertOutcome::kFailed) << body;
  }
  EXPECT_EQ(judge(AlertType::kFeishu, R"({"errcode":0})").outcome, AlertOutcome::kFailed);
}

TEST(AlertAnswer, OfFeishuMayHaveTheOlderCode) {
  const char* const body = R"({"StatusCode":0,"StatusMessage":"success"})";
  EXPECT_EQ(judge(AlertType::kFeishu, body).outcome, AlertOutcome::kSent);
}

TEST(AlertAnswer, OfDingtalkNamesTheSecuritySettingAtFault) {
  const auto advice = [](const std::string& text) {
    return judge(AlertType::kDingtalk, R"({"errcode":310000,"errmsg":")" + text + "\"}").reason;
  };
  EXPECT_THAT(advice("keywords not in content"), HasSubstr("关键词"));
  EXPECT_THAT(advice("description:关键词不匹配;solution:请联系群管理员"), HasSubstr("关键词"));
  EXPECT_THAT(advice("sign not match"), HasSubstr("加签"));
  EXPECT_THAT(advice("description:机器人发送签名不匹配"), HasSubstr("加签"));
  EXPECT_THAT(advice("invalid timestamp"), HasSubstr("clock"));
  EXPECT_THAT(advice("ip 10.0.0.1 not in whitelist"), HasSubstr("IP"));
  EXPECT_THAT(advice("something new"), HasSubstr("security settings"));
}

TEST(AlertAnswer, OfAnyUrlIsJudgedByStatus) {
  EXPECT_EQ(judge(AlertType::kHttp, "", 204).outcome, AlertOutcome::kSent);
  EXPECT_EQ(judge(AlertType::kHttp, "", 500).outcome, AlertOutcome::kFailed);
  EXPECT_EQ(judge(AlertType::kHttp, "", 503, "120").wait, seconds(120));
  EXPECT_EQ(judge(AlertType::kHttp, "", 429).outcome, AlertOutcome::kThrottled);
  EXPECT_EQ(judge(AlertType::kHttp, "", 429, "7").wait, seconds(7));
  EXPECT_EQ(judge(AlertType::kHttp, "", 410).outcome, AlertOutcome::kRefused);
  EXPECT_EQ(judge(AlertType::kHttp, "", 302).outcome, AlertOutcome::kRefused);
}

}  // namespace
}  // namespace couponhook::server
