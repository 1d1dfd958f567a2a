#pragma once

/// \file
/// Every API that is called, with what the documentation says about calling it.

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

/// So many calls within so much time, whatever API instance makes them.
struct RateLimit {
  int calls;
  std::chrono::seconds period;
};

/// The row of one API.
struct ApiSpec {
  Api api;
  std::string_view name;    ///< for logs and metrics: a closed set
  std::string_view method;  ///< GET or POST
  std::string_view path;    ///< as documented, {…} where something is filled in
  /// The tightest documented limit that one caller on one address has to keep.
  RateLimit limit;
  /// The same call may be sent again when its outcome is unknown: it reads, or WeChat Pay takes a
  /// repetition for the same order (out_request_no), or it sets what is set already.
  bool repeatable;
  /// The reply carries Wechatpay-Signature. File downloads do not: their hash is compared.
  bool reply_signed;
};

/// Source of limits: wechatpay-protocol sections 1.7, 4, 5 and 6, and the API pages of
/// pay.weixin.qq.com/docs/merchant/apis/cash-coupons; where no limit is published, a modest one.
[[nodiscard]] const ApiSpec& spec_of(Api api);

[[nodiscard]] std::span<const ApiSpec> all_apis();

}  // namespace couponhook::wechatpay
