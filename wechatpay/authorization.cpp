#include "wechatpay/authorization.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kScheme = "WECHATPAY2-SHA256-RSA2048";
// Value of the User-Agent header in API requests. WeChat Pay refuses requests without this header.
constexpr std::string_view kUserAgent = "couponhook";

}  // namespace

std::string request_message(std::string_view method, std::string_view path_and_query,
                            std::string_view timestamp, std::string_view nonce,
                            std::string_view body) {
  std::string message;
  for (const std::string_view line : {method, path_and_query, timestamp, nonce, body}) {
    message.append(line) += '\n';
  }
  return message;
}

std::string authorization_value(std::string_view mchid, std::string_view nonce,
                                std::string_view timestamp, std::string_view certificate_serial,
                                std::string_view signature) {
  std::string value(kScheme);
  value.append(" mchid=\"").append(mchid);
  value.append("\",nonce_str=\"").append(nonce);
  value.append("\",timestamp=\"").append(timestamp);
  value.append("\",serial_no=\"").append(certificate_serial);
  value.append("\",signature=\"").append(signature).append("\"");
  return value;
}

std::vector<Header> request_headers(const ApiRequest& request, const ApiCaller& caller,
                                    std::string_view nonce, std::chrono::sys_seconds now) {
  const std::string timestamp = std::to_string(now.time_since_epoch().count());
  const std::string signature = caller.signer.sign(
      request_message(request.method, request.path_and_query, timestamp, nonce,
                      request.signed_text ? *request.signed_text : request.body));
  std::vector<Header> headers{
      {"Authorization",
       authorization_value(caller.mchid, nonce, timestamp, caller.certificate_serial, signature)},
      {"Accept", request.accept},
      {"User-Agent", std::string(kUserAgent)}};
  if (!request.body.empty()) headers.push_back({"Content-Type", request.content_type});
  const std::string& serial =
      request.platform_serial.empty() ? caller.public_key_id : request.platform_serial;
  if (!serial.empty()) headers.push_back({"Wechatpay-Serial", serial});
  return headers;
}

}  // namespace couponhook::wechatpay
