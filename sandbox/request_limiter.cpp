#include "sandbox/request_limiter.hpp"

namespace couponhook::server::sandbox {
namespace {

/// Returns WeChat Pay's error code for too many requests, which differs between the APIs for 代金券
/// and those for 商家券.
std::string_view limit_code(std::string_view path) {
  return path.starts_with("/v3/marketing/favor/") ? "FREQUENCY_LIMIT_EXCEED" : "FREQUENCY_LIMITED";
}

}  // namespace

std::optional<ApiError> RequestLimiter::refuse(const std::string& mchid, std::string_view path,
                                               Time now) {
  for (auto planned = planned_.begin(); planned != planned_.end(); ++planned) {
    if (!path.starts_with(planned->path)) continue;
    const ApiError error = planned->error;
    if (--planned->count == 0) planned_.erase(planned);
    return error;
  }
  if (per_minute_ == 0) return std::nullopt;
  Window& window = windows_[mchid];
  if (now - window.begins >= std::chrono::minutes(1)) window = {now, 0};
  if (++window.requests <= per_minute_) return std::nullopt;
  return ApiError{429, std::string(limit_code(path)), "频率超限，请降低请求接口频率"};
}

}  // namespace couponhook::server::sandbox
