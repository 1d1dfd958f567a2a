#pragma once

/// \file
/// The security echo API, with which a merchant tests a deployment from end to end. WeChat Pay
/// verifies the signature of the request, signs its reply, and posts a notification of type
/// SECURITY_ECHO.SUCCESS to the given URL.
///
/// Source: WeChat Pay's documentation, pages merchant/4014551946 (the API) and partner/4019605946
/// (the notification).

#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

inline constexpr std::string_view kSecurityEchoEvent = "SECURITY_ECHO.SUCCESS";

struct SecurityEcho {
  std::string echo_message;  ///< any text; the same text comes back in WeChat Pay's reply
  /// URL to which WeChat Pay posts its test notification; empty: WeChat Pay posts no notification.
  std::string notify_url;
  /// The platform key (public key of WeChat Pay) with which WeChat Pay must sign its reply: the id
  /// of a public key or the serial of a certificate. WeChat Pay's documentation says that this
  /// value is required.
  std::string platform_serial;
  /// Base64 of a message that is encrypted with RSA-OAEP for WeChat Pay's public key, to test
  /// encryption too. Empty: encryption is not tested.
  std::string encrypted_echo_message{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const SecurityEcho& echo);

/// Makes the API request that asks WeChat Pay for a security echo (a signed reply and a test
/// notification).
/// \param echo the content of the request, for which violations() must be empty.
[[nodiscard]] ApiRequest security_echo_request(const SecurityEcho& echo);

struct SecurityEchoReply {
  std::string echo_message;
  /// The echo message in WeChat Pay's reply, encrypted for the merchant's certificate; may be
  /// empty.
  std::string encrypted_echo_message;
};
[[nodiscard]] ApiResult<SecurityEchoReply> parse_security_echo(std::string_view body);

/// Parses the decrypted content of a SECURITY_ECHO.SUCCESS notification.
/// \return the echo_message, which tells for which test request WeChat Pay sent the notification;
///   empty if the content has no echo_message.
[[nodiscard]] std::string parse_security_echo_event(std::string_view resource);

}  // namespace couponhook::wechatpay
