#include "wechatpay/api_catalogue.hpp"

#include <array>
#include <cstddef>

namespace couponhook::wechatpay {
namespace {

using std::chrono::seconds;
using enum Api;

constexpr seconds kSecond{1};
constexpr seconds kMinute{60};

// Nothing is published for the limits marked "ours"; they are far below what merchants report.
constexpr std::array kCatalogue = {
    ApiSpec{kCertificates, "certificates", "GET", "/v3/certificates", {1000, kSecond}, true, true},
    ApiSpec{kFavorCallbackSet,
            "favor_callback_set",
            "POST",
            "/v3/marketing/favor/callbacks",
            {60, kMinute},  // ours
            true,
            true},
    ApiSpec{kFavorCallbackGet,
            "favor_callback_get",
            "GET",
            "/v3/marketing/favor/callbacks",
            {2000, kSecond},
            true,
            true},
    ApiSpec{kBusifavorCallbackSet,
            "busifavor_callback_set",
            "POST",
            "/v3/marketing/busifavor/callbacks",
            {60, kMinute},  // ours
            true,
            true},
    ApiSpec{kBusifavorCallbackGet,
            "busifavor_callback_get",
            "GET",
            "/v3/marketing/busifavor/callbacks",
            {60, kMinute},  // ours
            true,
            true},
    // A repetition would call back twice and spoil what the echo is to measure.
    ApiSpec{kSecurityEcho,
            "security_echo",
            "POST",
            "/v3/security/echo",
            {60, kMinute},  // ours
            false,
            true},
    ApiSpec{kStockCreate,
            "stock_create",
            "POST",
            "/v3/marketing/favor/coupon-stocks",
            {60, kMinute},
            true,
            true},
    ApiSpec{kStockStart,
            "stock_start",
            "POST",
            "/v3/marketing/favor/stocks/{stock_id}/start",
            {60, kMinute},
            true,
            true},
    ApiSpec{kStockPause,
            "stock_pause",
            "POST",
            "/v3/marketing/favor/stocks/{stock_id}/pause",
            {60, kMinute},
            true,
            true},
    ApiSpec{kStockRestart,
            "stock_restart",
            "POST",
            "/v3/marketing/favor/stocks/{stock_id}/restart",
            {60, kMinute},
            true,
            true},
    ApiSpec{
        kStockList, "stock_list", "GET", "/v3/marketing/favor/stocks", {500, kSecond}, true, true},
    ApiSpec{kStockShow,
            "stock_show",
            "GET",
            "/v3/marketing/favor/stocks/{stock_id}",
            {500, kSecond},
            true,
            true},
    ApiSpec{kStockMerchants,
            "stock_merchants",
            "GET",
            "/v3/marketing/favor/stocks/{stock_id}/merchants",
            {60, kSecond},  // ours
            true,
            true},
    ApiSpec{kStockItems,
            "stock_items",
            "GET",
            "/v3/marketing/favor/stocks/{stock_id}/items",
            {60, kSecond},  // ours
            true,
            true},
    ApiSpec{kUseFlow,
            "use_flow",
            "GET",
            "/v3/marketing/favor/stocks/{stock_id}/use-flow",
            {5, kMinute},
            true,
            true},
    ApiSpec{kRefundFlow,
            "refund_flow",
            "GET",
            "/v3/marketing/favor/stocks/{stock_id}/refund-flow",
            {5, kMinute},
            true,
            true},
    ApiSpec{kFlowDownload,
            "flow_download",
            "GET",
            "/v3/billdownload/file",
            {60, kMinute},  // ours
            true,
            false},
    ApiSpec{kCouponSend,
            "coupon_send",
            "POST",
            "/v3/marketing/favor/users/{openid}/coupons",
            {500, kSecond},
            true,
            true},
    ApiSpec{kCouponShow,
            "coupon_show",
            "GET",
            "/v3/marketing/favor/users/{openid}/coupons/{coupon_id}",
            {50, kSecond},  // ours
            true,
            true},
    ApiSpec{kCouponList,
            "coupon_list",
            "GET",
            "/v3/marketing/favor/users/{openid}/coupons",
            {50, kSecond},  // ours
            true,
            true},
    ApiSpec{kBusifavorCouponShow,
            "busifavor_coupon_show",
            "GET",
            "/v3/marketing/busifavor/users/{openid}/coupons/{coupon_code}/appids/{appid}",
            {50, kSecond},  // ours
            true,
            true},
    ApiSpec{kBusifavorCouponList,
            "busifavor_coupon_list",
            "GET",
            "/v3/marketing/busifavor/users/{openid}/coupons",
            {50, kSecond},  // ours
            true,
            true},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i) {
    if (static_cast<std::size_t>(kCatalogue[i].api) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "a row is found by the number of its API");

}  // namespace

const ApiSpec& spec_of(Api api) {
  return kCatalogue.at(static_cast<std::size_t>(api));
}

std::span<const ApiSpec> all_apis() {
  return kCatalogue;
}

}  // namespace couponhook::wechatpay
