#include "server/alert/robot_answer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/json.hpp"
#include "server/delivery/http_outcome.hpp"

namespace couponhook::server {
namespace {

using std::chrono::seconds;

constexpr unsigned kStatusGone = 410;
constexpr unsigned kStatusTooMany = 429;

/// Meaning of a vendor's code.
struct RobotCode {
  AlertType type;
  std::int64_t code;
  AlertOutcome outcome;
  std::string_view advice;
  seconds wait{};
};

// The rate limits: WeCom counts by the minute, DingTalk shuts a robot out for ten minutes, Feishu
// also counts by the second.
constexpr std::array kRobotCodes = {
    RobotCode{AlertType::kWecom, 45009, AlertOutcome::kThrottled,
              "over the limit of 20 messages a minute", seconds(60)},
    RobotCode{AlertType::kWecom, 93000, AlertOutcome::kRefused,
              "the key in the URL is wrong, or the robot was removed from its group; copy the "
              "webhook address of the robot again"},
    RobotCode{AlertType::kDingtalk, 130101, AlertOutcome::kThrottled,
              "over the limit of 20 messages a minute; the robot is shut out for ten minutes",
              seconds(600)},
    RobotCode{AlertType::kDingtalk, 410100, AlertOutcome::kThrottled,
              "over the limit of 20 messages a minute; the robot is shut out for ten minutes",
              seconds(600)},
    RobotCode{
        AlertType::kDingtalk, 310000, AlertOutcome::kRefused,
        "the robot's security settings refuse the message: set secret_file to its 加签 secret, "
        "or its keyword to couponhook, or add this machine's address to its list"},
    RobotCode{AlertType::kDingtalk, 300005, AlertOutcome::kRefused,
              "the access_token in the URL is wrong, or the robot was removed; copy the webhook "
              "address of the robot again"},
    RobotCode{AlertType::kFeishu, 11232, AlertOutcome::kThrottled,
              "over the limit of 100 messages a minute or 5 a second", seconds(5)},
    RobotCode{
        AlertType::kFeishu, 19021, AlertOutcome::kRefused,
        "the signature does not match, or the clock of this machine is more than an hour off; "
        "compare secret_file with the robot's 签名校验 key"},
    RobotCode{AlertType::kFeishu, 19022, AlertOutcome::kRefused,
              "this machine's address is not in the robot's list of allowed addresses (IP 白名单)"},
    RobotCode{AlertType::kFeishu, 19024, AlertOutcome::kRefused,
              "the message lacks the robot's keyword (自定义关键词); set it to couponhook"},
    RobotCode{AlertType::kFeishu, 9499, AlertOutcome::kRefused,
              "the robot does not understand the message; is the URL that of a custom robot "
              "(自定义机器人), …/open-apis/bot/v2/hook/…?"},
};

/// A part of DingTalk's text about code 310000, and what it means.
struct SecurityFault {
  std::string_view part;
  std::string_view advice;
};
constexpr std::string_view kKeywordAdvice =
    "the message lacks the robot's keyword (自定义关键词); set it to couponhook";
constexpr std::string_view kClockAdvice =
    "the clock of this machine is more than an hour off; set it right";
constexpr std::string_view kSignatureAdvice =
    "the signature does not match; compare secret_file with the robot's 加签 secret";
constexpr std::string_view kAddressAdvice =
    "this machine's address is not in the robot's list of allowed addresses (IP 地址段)";
constexpr std::array kSecurityFaults = {
    SecurityFault{"keyword", kKeywordAdvice},   SecurityFault{"关键词", kKeywordAdvice},
    SecurityFault{"timestamp", kClockAdvice},   SecurityFault{"时间", kClockAdvice},
    SecurityFault{"sign", kSignatureAdvice},    SecurityFault{"签名", kSignatureAdvice},
    SecurityFault{"whitelist", kAddressAdvice}, SecurityFault{"白名单", kAddressAdvice},
    SecurityFault{"not in", kAddressAdvice},
};

/// Returns the number at `key`; nothing if there is none.
std::optional<std::int64_t> number_at(const rapidjson::Value& object, const char* key) {
  const auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsInt64()) return std::nullopt;
  return member->value.GetInt64();
}

/// Says more of code 310000, which stands for several faults.
std::string_view dingtalk_security_advice(const rapidjson::Value& answer,
                                          std::string_view otherwise) {
  const auto member = answer.FindMember("errmsg");
  if (member == answer.MemberEnd() || !member->value.IsString()) return otherwise;
  const std::string_view text(member->value.GetString(), member->value.GetStringLength());
  for (const SecurityFault& fault : kSecurityFaults) {
    if (text.find(fault.part) != std::string_view::npos) return fault.advice;
  }
  return otherwise;
}

std::string http_status(const ClientReply& reply) {
  return "HTTP " + std::to_string(reply.status);
}

AlertAnswer judge_robot(AlertType type, const ClientReply& reply) {
  const auto answer = base::parse_object(reply.body, {});
  if (!answer) {
    return {AlertOutcome::kFailed, http_status(reply) +
                                       ", and no JSON in the answer; is the URL that of a robot, "
                                       "and does no proxy answer in its place?"};
  }
  const char* const key = type == AlertType::kFeishu ? "code" : "errcode";
  auto code = number_at(*answer, key);
  if (!code && type == AlertType::kFeishu) code = number_at(*answer, "StatusCode");
  if (!code) {
    return {AlertOutcome::kFailed, http_status(reply) + ", and no " + key +
                                       " in the answer; is the URL that of a robot, and is type "
                                       "right?"};
  }
  if (*code == 0) return {AlertOutcome::kSent};
  const auto* known = std::ranges::find_if(
      kRobotCodes, [&](const RobotCode& each) { return each.type == type && each.code == *code; });
  const std::string beginning = std::string(key) + " " + std::to_string(*code);
  if (known == kRobotCodes.end()) {
    return {AlertOutcome::kFailed,
            beginning + "; look the code up in the vendor's list of error codes"};
  }
  std::string_view advice = known->advice;
  if (type == AlertType::kDingtalk && *code == 310000) {
    advice = dingtalk_security_advice(*answer, advice);
  }
  AlertAnswer judged{known->outcome, beginning + ": " + std::string(advice)};
  if (known->wait.count() != 0) judged.wait = known->wait;
  return judged;
}

AlertAnswer judge_http(const ClientReply& reply, std::chrono::system_clock::time_point now) {
  if (reply.status >= 200 && reply.status < 300) return {AlertOutcome::kSent};
  const auto wait = parse_retry_after(reply.retry_after, now);
  if (reply.status == kStatusTooMany) {
    return {AlertOutcome::kThrottled, http_status(reply) + ": over the receiver's rate limit",
            wait.value_or(seconds(60))};
  }
  if (reply.status == kStatusGone) {
    return {AlertOutcome::kRefused,
            http_status(reply) +
                ": the receiver wants no more alerts; correct url or remove the "
                "[[alert]]"};
  }
  if (reply.status >= 300 && reply.status < 400) {
    return {AlertOutcome::kRefused, http_status(reply) +
                                        ": redirects are not followed; put the final address into "
                                        "url"};
  }
  return {AlertOutcome::kFailed, http_status(reply) + "; look at the receiver's log", wait};
}

}  // namespace

AlertAnswer judge_answer(AlertType type, const ClientReply& reply,
                         std::chrono::system_clock::time_point now) {
  return type == AlertType::kHttp ? judge_http(reply, now) : judge_robot(type, reply);
}

}  // namespace couponhook::server
