#include "sandbox/authorization.hpp"

#include <charconv>
#include <chrono>

#include "sandbox/json_writer.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::string_view kScheme = "WECHATPAY2-SHA256-RSA2048";
constexpr std::chrono::minutes kTolerance{5};
constexpr std::size_t kShownMessageMax = 256;

ApiError sign_error(std::string message) {
  return {401, "SIGN_ERROR", std::move(message)};
}

using Parts = std::map<std::string, std::string, std::less<>>;

/// Parses the name="value" pairs of an Authorization header, which are separated by commas and may
/// have any order. Returns nothing if the form is wrong or a required name is missing.
std::optional<Parts> parse_parts(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    const std::size_t equals = text.find("=\"");
    const std::size_t end = equals == std::string_view::npos ? equals : text.find('"', equals + 2);
    if (end == std::string_view::npos) return std::nullopt;
    parts.emplace(text.substr(0, equals), text.substr(equals + 2, end - equals - 2));
    text.remove_prefix(end + 1);
    if (text.starts_with(',')) {
      text.remove_prefix(1);
    } else if (!text.empty()) {
      return std::nullopt;
    }
  }
  for (const char* name : {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}) {
    if (const auto found = parts.find(name); found == parts.end() || found->second.empty()) {
      return std::nullopt;
    }
  }
  return parts;
}

bool is_recent(const std::string& timestamp, Time now) {
  std::int64_t seconds = 0;
  const char* const end = timestamp.data() + timestamp.size();
  const auto [stop, ec] = std::from_chars(timestamp.data(), end, seconds);
  if (ec != std::errc() || stop != end) return false;
  const std::int64_t present = now.time_since_epoch().count();
  return seconds >= present - std::chrono::seconds(kTolerance).count() &&
         seconds <= present + std::chrono::seconds(kTolerance).count();
}

ApiError mismatch(const SignedRequest& request, const std::string& message) {
  JsonWriter detail;
  detail.field("field", "signature")
      .field("issue", "sign not match")
      .field("location", "authorization")
      .object("sign_information")
      .field("method", request.method)
      .field("url", request.target)
      .field("truncated_sign_message", message.substr(0, kShownMessageMax))
      .field("sign_message_length", message.size())
      .end();
  ApiError error = sign_error("错误的签名，验签失败");
  error.detail = detail.take();
  return error;
}

}  // namespace

Result<std::string> authorize(const SignedRequest& request,
                              const std::map<std::string, ApiKey>& keys, Time now) {
  if (request.accept.empty() || request.user_agent.empty()) {
    return invalid_request("Http头缺少Accept或User-Agent");
  }
  const std::size_t space = request.authorization.find(' ');
  if (space == std::string_view::npos) return sign_error("Http头Authorization值格式错误");
  if (request.authorization.substr(0, space) != kScheme) {
    return sign_error("Http头Authorization认证类型不正确");
  }
  const auto parts = parse_parts(request.authorization.substr(space + 1));
  if (!parts) return sign_error("Http头Authorization值格式错误");
  if (!is_recent(parts->find("timestamp")->second, now)) {
    return sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟");
  }
  const std::string& mchid = parts->find("mchid")->second;
  const auto known = keys.find(mchid);
  if (known == keys.end()) return sign_error("商户未申请过证书。");
  if (known->second.serial != parts->find("serial_no")->second) {
    return sign_error("商户证书序列号有误。");
  }
  std::string message;
  for (const std::string_view line :
       {request.method, request.target, std::string_view(parts->find("timestamp")->second),
        std::string_view(parts->find("nonce_str")->second), request.body}) {
    message.append(line) += '\n';
  }
  if (!known->second.key.verify(message, parts->find("signature")->second)) {
    return mismatch(request, message);
  }
  return Result<std::string>(boost::system::in_place_value, mchid);
}

}  // namespace couponhook::server::sandbox
