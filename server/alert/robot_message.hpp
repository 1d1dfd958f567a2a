#pragma once

/// \file
/// Request bodies and signatures of the group robots of WeCom, DingTalk and Feishu.
///
/// Sources: the vendors' pages on custom group robots, developer.work.weixin.qq.com/document/path/
/// 91770, open.dingtalk.com/document/robots/custom-robot-access, and open.feishu.cn/document/
/// client-docs/bot-v3/add-custom-bot.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/secret.hpp"
#include "server/config/alert_config.hpp"

namespace couponhook::server {

/// Largest text of one message to a robot of this type, in bytes. For http, a limit of our own.
[[nodiscard]] std::size_t robot_text_max(AlertType type);

/// Signature of a message to a DingTalk robot, in base64, not percent-encoded. Thread-safe.
[[nodiscard]] std::string dingtalk_signature(std::string_view secret, std::int64_t unix_ms);
/// Signature of a message to a Feishu robot, in base64. Thread-safe.
[[nodiscard]] std::string feishu_signature(std::string_view secret, std::int64_t unix_s);

/// Path, query and body of the request that sends one message.
struct RobotRequest {
  std::string target;
  std::string body;
};

/// Makes the request for a text message to a robot of one of the three vendors.
/// \param target path and query of the robot's URL.
/// \param secret key of the signature; empty: the message is not signed.
[[nodiscard]] RobotRequest robot_request(AlertType type, std::string_view target,
                                         std::string_view text, const crypto::Secret& secret,
                                         std::int64_t unix_ms);

}  // namespace couponhook::server
