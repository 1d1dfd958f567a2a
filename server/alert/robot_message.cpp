#include "server/alert/robot_message.hpp"

#include "base/base64.hpp"
#include "base/json_writer.hpp"
#include "base/percent_encoding.hpp"
#include "crypto/hmac.hpp"

namespace couponhook::server {
namespace {

/// WeCom's limit for the content of a text message.
constexpr std::size_t kWecomTextMax = 2048;
/// DingTalk and Feishu take 20,000 bytes and 20 KB of request body. In JSON a line end takes two
/// bytes, and the body has other members too.
constexpr std::size_t kOtherTextMax = 16'000;

std::string encoded_hmac(std::string_view key, std::string_view message) {
  const crypto::Sha256 digest = crypto::hmac_sha256(key, message);
  return base::base64_encode(
      std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

/// Replaces "<" in a text for Feishu: there, a tag such as <at user_id="all"> calls people.
std::string without_tags(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '<') {
      plain += "＜";
    } else {
      plain += c;
    }
  }
  return plain;
}

std::string text_body(std::string_view text) {
  base::JsonWriter json;
  json.begin().text("msgtype", "text").begin("text").text("content", text).end().end();
  return json.take();
}

std::string feishu_body(std::string_view text, const crypto::Secret& secret, std::int64_t unix_s) {
  base::JsonWriter json;
  json.begin();
  if (!secret.empty()) {
    json.text("timestamp", std::to_string(unix_s))
        .text("sign", feishu_signature(secret.reveal(), unix_s));
  }
  json.text("msg_type", "text").begin("content").text("text", without_tags(text)).end().end();
  return json.take();
}

}  // namespace

std::size_t robot_text_max(AlertType type) {
  return type == AlertType::kWecom ? kWecomTextMax : kOtherTextMax;
}

std::string dingtalk_signature(std::string_view secret, std::int64_t unix_ms) {
  return encoded_hmac(secret, std::to_string(unix_ms) + "\n" + std::string(secret));
}

std::string feishu_signature(std::string_view secret, std::int64_t unix_s) {
  // Feishu uses the text to sign as the key, and signs an empty message.
  return encoded_hmac(std::to_string(unix_s) + "\n" + std::string(secret), "");
}

RobotRequest robot_request(AlertType type, std::string_view target, std::string_view text,
                           const crypto::Secret& secret, std::int64_t unix_ms) {
  if (type == AlertType::kFeishu) {
    return {std::string(target), feishu_body(text, secret, unix_ms / 1000)};
  }
  RobotRequest request{std::string(target), text_body(text)};
  if (type == AlertType::kDingtalk && !secret.empty()) {
    const std::string sign = dingtalk_signature(secret.reveal(), unix_ms);
    request.target += request.target.find('?') == std::string::npos ? '?' : '&';
    request.target +=
        "timestamp=" + std::to_string(unix_ms) + "&sign=" + base::percent_encode(sign);
  }
  return request;
}

}  // namespace couponhook::server
