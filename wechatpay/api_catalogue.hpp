#pragma once

/// \file
/// Catalogue of the WeChat Pay APIs in use: path, method, rate limit and retry rule of each.

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
};

/// Rate limit: at most `calls` calls in each `period`.
struct RateLimit {
  int calls;
  std::chrono::seconds period;
};

/// Facts about one API.
struct ApiSpec {
  Api api;
  std::string_view name;    ///< name for logs and metrics, from a fixed set
  std::string_view method;  ///< HTTP method: GET or POST
  std::string_view path;    ///< as documented, with {…} for variable parts
  /// The strictest documented limit that applies to one merchant and one IP address.
  RateLimit limit;
  /// True if the call may be sent again when its outcome is unknown: the call only reads, or WeChat
  /// Pay recognises the repetition by its out_request_no, or the call sets a value that is already
  /// set.
  bool repeatable;
  /// True if the reply has a Wechatpay-Signature. File downloads have none; their hash is checked.
  bool reply_signed;
};

/// \return the facts about an API. Source of the rate limits: wechatpay-protocol sections 1.7, 4, 5
///   and 6, and the API pages of pay.weixin.qq.com/docs/merchant/apis/cash-coupons. If no limit is
///   published, a low limit is used.
[[nodiscard]] const ApiSpec& spec_of(Api api);

[[nodiscard]] std::span<const ApiSpec> all_apis();

}  // namespace couponhook::wechatpay
