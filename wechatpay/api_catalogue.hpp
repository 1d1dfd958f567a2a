#pragma once

/// \file
/// Catalogue of the WeChat Pay APIs that couponhook calls: path, method, rate limit and retry rule
/// of each API.

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

/// A rate limit: at most `calls` calls in each `period`.
struct RateLimit {
  int calls;
  std::chrono::seconds period;
};

/// Facts about one API of WeChat Pay.
struct ApiSpec {
  Api api;
  std::string_view name;    ///< name of the API for logs and metrics, from a fixed set
  std::string_view method;  ///< HTTP method of the API: GET or POST
  std::string_view path;    ///< path of the API as documented, with {…} for variable parts
  /// The strictest rate limit in WeChat Pay's documentation that applies to one merchant and one IP
  /// address.
  RateLimit limit;
  /// True if the same call may be sent again when it is unknown whether the first one succeeded:
  /// the call only reads, or WeChat Pay recognises the repetition by its out_request_no, or the
  /// call only sets a value.
  bool repeatable;
  /// True if the reply carries a Wechatpay-Signature header. Replies of file downloads carry none;
  /// the hash of the file is checked instead.
  bool reply_signed;
};

/// \return the facts about an API. The rate limits come from WeChat Pay's API pages, such as
///   pay.weixin.qq.com/docs/merchant/apis/cash-coupons. If WeChat Pay publishes no limit, a low
///   limit is used.
[[nodiscard]] const ApiSpec& spec_of(Api api);

[[nodiscard]] std::span<const ApiSpec> all_apis();

}  // namespace couponhook::wechatpay
