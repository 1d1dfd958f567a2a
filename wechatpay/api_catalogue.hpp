#pragma once

/// \file
/// Catalogue of the WeChat Pay APIs that couponhook calls: path, method, rate limit of each API,
/// and whether a failed request may be sent again.

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace couponhook::wechatpay {

enum class Api : std::uint8_t {
  kCertificates,
  kFavorCallbackSet,
  kFavorCallbackGet,
  kBusifavorCallbackSet,
  kBusifavorCallbackGet,
  kSecurityEcho,
  kStockCreate,
  kStockStart,
  kStockPause,
  kStockRestart,
  kStockList,
  kStockShow,
  kStockMerchants,
  kStockItems,
  kUseFlow,
  kRefundFlow,
  kFlowDownload,
  kCouponSend,
  kCouponShow,
  kCouponList,
  kBusifavorCouponShow,
  kBusifavorCouponList,
  kImageUpload,
  kRefundShow,
};

/// A rate limit: at most `calls` calls in each time span of length `period`.
struct RateLimit {
  int calls;
  std::chrono::seconds period;
};

/// Facts about one API of WeChat Pay: its name, method, path and limits.
struct ApiSpec {
  Api api;
  std::string_view name;    ///< name of the API in logs and metrics, from a fixed set of names
  std::string_view method;  ///< HTTP method of the API: GET or POST
  /// Path of the API as in WeChat Pay's documentation, with {…} for variable parts.
  std::string_view path;
  /// Rate limit of the API: the strictest limit in WeChat Pay's documentation that applies to one
  /// merchant and one IP address.
  RateLimit limit;
  /// True if the same API request may be sent again when nobody knows whether the first request
  /// succeeded. This is so if the request only reads, only sets a value, or contains an
  /// out_request_no by which WeChat Pay recognises the repetition.
  bool repeatable;
  /// True if the reply of this API has a Wechatpay-Signature header. The reply to a file download
  /// has no signature; couponhook checks the hash of the file instead.
  bool reply_signed;
};

/// Returns the facts about an API. The rate limits come from WeChat Pay's API pages, such as
/// pay.weixin.qq.com/docs/merchant/apis/cash-coupons. If WeChat Pay publishes no limit, a low limit
/// is used.
[[nodiscard]] const ApiSpec& spec_of(Api api);

[[nodiscard]] std::span<const ApiSpec> all_apis();

}  // namespace couponhook::wechatpay
