#include "wechatpay/api_catalogue.hpp"

#include <array>
#include <cstddef>

namespace couponhook::wechatpay {
namespace {

using std::chrono::seconds;
using enum Api;

constexpr RateLimit per_second(int calls) {
  return {calls, seconds(1)};
}
constexpr RateLimit per_minute(int calls) {
  return {calls, seconds(60)};
}
/// Rate limit for an API for which WeChat Pay publishes no limit: 50 calls a second.
constexpr RateLimit kModest = per_second(50);

constexpr ApiSpec get(Api api, std::string_view name, RateLimit limit, std::string_view path) {
  return {api, name, "GET", path, limit, true, true};
}
constexpr ApiSpec post(Api api, std::string_view name, RateLimit limit, std::string_view path) {
  return {api, name, "POST", path, limit, true, true};
}
constexpr ApiSpec never_repeated(ApiSpec spec) {
  spec.repeatable = false;
  return spec;
}
constexpr ApiSpec never_signed(ApiSpec spec) {
  spec.reply_signed = false;
  return spec;
}

constexpr std::array kCatalogue = {
    get(kCertificates, "certificates", per_second(1000), "/v3/certificates"),
    post(kFavorCallbackSet, "favor_callback_set", kModest, "/v3/marketing/favor/callbacks"),
    get(kFavorCallbackGet, "favor_callback_get", per_second(2000), "/v3/marketing/favor/callbacks"),
    post(kBusifavorCallbackSet, "busifavor_callback_set", kModest,
         "/v3/marketing/busifavor/callbacks"),
    get(kBusifavorCallbackGet, "busifavor_callback_get", kModest,
        "/v3/marketing/busifavor/callbacks"),
    // Never send the security echo request (WeChat Pay's test of a deployment) a second time: it
    // would cause a second test notification, and the result of the test would be wrong.
    never_repeated(post(kSecurityEcho, "security_echo", kModest, "/v3/security/echo")),
    post(kStockCreate, "stock_create", per_minute(60), "/v3/marketing/favor/coupon-stocks"),
    post(kStockStart, "stock_start", per_minute(60), "/v3/marketing/favor/stocks/{stock_id}/start"),
    post(kStockPause, "stock_pause", per_minute(60), "/v3/marketing/favor/stocks/{stock_id}/pause"),
    post(kStockRestart, "stock_restart", per_minute(60),
         "/v3/marketing/favor/stocks/{stock_id}/restart"),
    get(kStockList, "stock_list", per_second(500), "/v3/marketing/favor/stocks"),
    get(kStockShow, "stock_show", per_second(500), "/v3/marketing/favor/stocks/{stock_id}"),
    get(kStockMerchants, "stock_merchants", kModest,
        "/v3/marketing/favor/stocks/{stock_id}/merchants"),
    get(kStockItems, "stock_items", kModest, "/v3/marketing/favor/stocks/{stock_id}/items"),
    get(kUseFlow, "use_flow", per_minute(5), "/v3/marketing/favor/stocks/{stock_id}/use-flow"),
    get(kRefundFlow, "refund_flow", per_minute(5),
        "/v3/marketing/favor/stocks/{stock_id}/refund-flow"),
    never_signed(get(kFlowDownload, "flow_download", kModest, "/v3/billdownload/file")),
    post(kCouponSend, "coupon_send", per_second(500), "/v3/marketing/favor/users/{openid}/coupons"),
    get(kCouponShow, "coupon_show", kModest,
        "/v3/marketing/favor/users/{openid}/coupons/{coupon_id}"),
    get(kCouponList, "coupon_list", kModest, "/v3/marketing/favor/users/{openid}/coupons"),
    get(kBusifavorCouponShow, "busifavor_coupon_show", kModest,
        "/v3/marketing/busifavor/users/{openid}/coupons/{coupon_code}/appids/{appid}"),
    get(kBusifavorCouponList, "busifavor_coupon_list", kModest,
        "/v3/marketing/busifavor/users/{openid}/coupons"),
    // An upload that is repeated gives one more URL of the same image, which harms nobody.
    post(kImageUpload, "image_upload", per_minute(100), "/v3/marketing/favor/media/image-upload"),
    get(kRefundShow, "refund_show", per_second(300), "/v3/refund/domestic/refunds/{out_refund_no}"),
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
