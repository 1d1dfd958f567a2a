#pragma once

/// \file
/// The security echo API, WeChat Pay's official end-to-end test of a deployment. WeChat Pay
/// verifies the request's signature, signs its reply, and posts a SECURITY_ECHO.SUCCESS
/// notification to the given URL.
///
/// Source: WeChat Pay's documentation, pages merchant/4014551946 (the API) and partner/4019605946
/// (the callback).

#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

inline constexpr std::string_view kSecurityEchoEvent = "SECURITY_ECHO.SUCCESS";

struct SecurityEcho {
  std::string echo_message;  ///< any text; WeChat Pay's reply contains the same text
  /// URL for WeChat Pay's test notification; empty: no notification is sent.
  std::string notify_url;
  /// The platform key with which WeChat Pay shall sign its reply: a public key id or a certificate
  /// serial. WeChat Pay's documentation says that this value is required.
  std::string platform_serial;
  /// Base64 of a message encrypted with RSA-OAEP for the platform key. Empty: encryption is not
  /// tested.
  std::string encrypted_echo_message{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const SecurityEcho& echo);

/// Makes the API request that asks WeChat Pay for a security echo (a signed reply and a test
/// notification).
/// \param echo the content of the request, for which violations() must be empty.
[[nodiscard]] ApiRequest security_echo_request(const SecurityEcho& echo);

struct SecurityEchoReply {
  std::string echo_message;
  /// The echo message, encrypted for the merchant's certificate; may be empty.
  std::string encrypted_echo_message;
};
[[nodiscard]] ApiResult<SecurityEchoReply> parse_security_echo(std::string_view body);

/// Parses the decrypted resource of a SECURITY_ECHO.SUCCESS notification.
/// \return the echo_message, which shows to which test the notification belongs; empty if the
///   resource has no echo_message.
[[nodiscard]] std::string parse_security_echo_event(std::string_view resource);

}  // namespace couponhook::wechatpay
