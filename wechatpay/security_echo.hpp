#pragma once

/// \file
/// The security echo API, WeChat Pay's official end-to-end test of a deployment. WeChat Pay
/// verifies the request's signature, signs its reply, and posts a SECURITY_ECHO.SUCCESS
/// notification to the given URL.
///
/// Source: wechatpay-protocol section 3.5; WeChat Pay documents merchant/4014551946 (the API) and
/// partner/4019605946 (the callback).

#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

inline constexpr std::string_view kSecurityEchoEvent = "SECURITY_ECHO.SUCCESS";

struct SecurityEcho {
  std::string echo_message;  ///< any text; the reply returns it
  std::string notify_url;    ///< empty: no notification
  /// The platform key that WeChat Pay shall sign with: a public key id or a certificate serial.
  /// Documented as required.
  std::string platform_serial;
  /// Base64 of an RSA-OAEP ciphertext for that platform key. Empty: encryption is not tested.
  std::string encrypted_echo_message{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const SecurityEcho& echo);

/// \param echo an echo for which violations() is empty.
[[nodiscard]] ApiRequest security_echo_request(const SecurityEcho& echo);

struct SecurityEchoReply {
  std::string echo_message;
  std::string encrypted_echo_message;  ///< encrypted for the merchant's certificate; may be empty
};
[[nodiscard]] ApiResult<SecurityEchoReply> parse_security_echo(std::string_view body);

/// Parses the decrypted resource of a SECURITY_ECHO.SUCCESS notification.
/// \return the echo_message, which shows to which test the notification belongs; empty if the
///   resource has none.
[[nodiscard]] std::string parse_security_echo_event(std::string_view resource);

}  // namespace couponhook::wechatpay
