#pragma once

/// \file
/// The official end-to-end test of a deployment: WeChat Pay verifies our request's signature, signs
/// its reply, and calls the given URL with a SECURITY_ECHO.SUCCESS notification.
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
  std::string echo_message;  ///< comes back in the reply
  std::string notify_url;    ///< empty: no callback
  /// The platform key that shall sign: public key id or certificate serial. Documented as required.
  std::string platform_serial;
  /// Base64 of an RSA-OAEP ciphertext under that platform key; empty: not tried.
  std::string encrypted_echo_message{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const SecurityEcho& echo);

/// \param echo one without violations().
[[nodiscard]] ApiRequest security_echo_request(const SecurityEcho& echo);

struct SecurityEchoReply {
  std::string echo_message;
  std::string encrypted_echo_message;  ///< under the merchant's certificate; may be empty
};
[[nodiscard]] ApiResult<SecurityEchoReply> parse_security_echo(std::string_view body);

/// Reads the decrypted resource of a SECURITY_ECHO.SUCCESS notification.
/// \return the echo_message, by which it is told whose test has come back; empty where the resource
///   holds none.
[[nodiscard]] std::string parse_security_echo_event(std::string_view resource);

}  // namespace couponhook::wechatpay
