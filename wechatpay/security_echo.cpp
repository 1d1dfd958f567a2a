#include "wechatpay/security_echo.hpp"

#include "base/json_writer.hpp"
#include "wechatpay/callbacks.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {

std::vector<RuleViolation> violations(const SecurityEcho& echo) {
  Rules rules;
  if (!echo.notify_url.empty()) {
    rules.add(callback_url_violations(echo.notify_url, CouponProduct::kFavor));
  }
  rules.check(!echo.echo_message.empty(), "echo_message", "is required");
  rules.check(!echo.platform_serial.empty(), "Wechatpay-Serial",
              "is required: the id of the WeChat Pay public key, or the serial of a platform "
              "certificate");
  return std::move(rules).take();
}

ApiRequest security_echo_request(const SecurityEcho& echo) {
  base::JsonWriter body;
  body.begin();
  body.optional_text("notify_url", echo.notify_url)
      .text("echo_message", echo.echo_message)
      .optional_text("encrypted_echo_message", echo.encrypted_echo_message);
  ApiRequest request{Api::kSecurityEcho, "POST", std::string(spec_of(Api::kSecurityEcho).path),
                     body.end().take()};
  request.platform_serial = echo.platform_serial;
  return request;
}

ApiResult<SecurityEchoReply> parse_security_echo(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kSecurityEcho, "JSON object");
  const JsonView root = json->root();
  if (!root.has("echo_message")) return unreadable(Api::kSecurityEcho, "echo_message");
  return SecurityEchoReply{root.text("echo_message"), root.text("encrypted_echo_message")};
}

std::string parse_security_echo_event(std::string_view resource) {
  const auto json = JsonText::parse(resource);
  return json ? json->root().text("echo_message") : std::string();
}

}  // namespace couponhook::wechatpay
