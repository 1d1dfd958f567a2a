#include "wechatpay/error_catalogue.hpp"

#include <algorithm>
#include <array>

namespace couponhook::wechatpay {
namespace {

constexpr auto kRows = std::to_array<ErrorRow>({
    // The next rows of the table: error codes that every API of WeChat Pay can send.
    {"PARAM_ERROR", Retry::kNever,
     "a parameter is missing or has a value that is not allowed: compare the request with the "
     "message and correct it"},
    {"INVALID_REQUEST", Retry::kNever,
     "the request is well formed but breaks a business rule: read the message; check the state of "
     "the stock, and that ids belong to the merchant that calls"},
    {"SIGN_ERROR", Retry::kNever,
     "WeChat Pay could not verify our signature: check that merchant.api.private_key_file is the "
     "key of the certificate merchant.api.certificate_serial, that the certificate is in force in "
     "the merchant console, and this machine's clock"},
    {"SYSTEM_ERROR", Retry::kSoon,
     "a temporary failure at WeChat Pay: repeat the same request with the same out_request_no; if "
     "it "
     "lasts, ask their support with the Request-ID"},
    {"FREQUENCY_LIMIT_EXCEED", Retry::kLater, "too many calls: wait a minute and call less often"},
    {"FREQUENCY_LIMITED", Retry::kLater, "too many calls: wait a minute and call less often"},
    {"RATELIMIT_EXCEEDED", Retry::kLater, "too many calls: wait a minute and call less often"},
    // The next rows of the table: error codes that WeChat Pay sends if the merchant lacks a
    // permission.
    {"NO_AUTH", Retry::kNever,
     "the merchant may not do this: enable the product in the merchant console (营销事件推送 for "
     "callbacks, 代金券 for stocks), and call as the stock's creator"},
    {"NOAUTH", Retry::kNever,
     "the merchant may not do this: enable 商家券 and 营销事件推送 in the merchant console, and "
     "call as the merchant that owns the stock"},
    {"MCH_NOT_EXISTS", Retry::kNever,
     "WeChat Pay knows no such merchant: check mchid and stock_creator_mchid"},
    {"APPID_MCHID_NOT_MATCH", Retry::kNever,
     "appid and merchant are not bound to each other: bind them in the merchant console, or the "
     "stock cannot be sent through this channel"},
    {"REQUEST_BLOCKED", Retry::kNever,
     "a rule of the activity forbids it: the stock has not started or has ended, its budget or the "
     "user's share is used up, or the merchant may not use this stock; the message says which"},
    {"USER_ACCOUNT_ABNORMAL", Retry::kNever,
     "WeChat Pay does not serve this user: send the coupon to another one"},
    // The next rows of the table: error codes for missing objects, duplicate requests and used-up
    // limits.
    {"RESOURCE_NOT_EXISTS", Retry::kNever,
     "no such stock, coupon or file: check the ids and stock_creator_mchid; a flow file exists "
     "from 10:00 on the day after the activity's end, and only if coupons were redeemed"},
    {"RESOURCE_ALREADY_EXISTS", Retry::kNever,
     "this out_request_no was used with other content: take a new one for a new request, or repeat "
     "the first request unchanged"},
    {"NOT_ENOUGH", Retry::kNever,
     "not enough money or coupons are left: top up the merchant's account or raise the stock's "
     "budget"},
    {"NOT_FOUND", Retry::kNever, "no such stock or coupon: check the ids"},
    {"USER_NOT_EXISTS", Retry::kNever,
     "no such user under this appid: the openid must come from the appid that is sent along"},
    {"RULELIMIT", Retry::kNever,
     "a limit of the stock or of the merchant is reached: see the message, then raise the limit or "
     "stop sending"},
    {"RULE_LIMIT", Retry::kNever,
     "a limit of the stock or of the merchant is reached: see the message, then raise the limit or "
     "stop sending"},
});

constexpr ErrorRow kPublicKeyMerchant{
    "RESOURCE_NOT_EXISTS", Retry::kNever,
    "this merchant has no platform certificates, WeChat Pay signs for it with its public key: "
    "download the public key in the merchant console (账户中心, API安全), configure it as "
    "[[merchant.platform_public_key]], and set merchant.api.certificate_refresh_minutes = 0"};

/// Error SYSTEM_ERROR of the APIs that set the notification URL. WeChat Pay sends this code if it
/// cannot reach the URL or does not accept it.
constexpr ErrorRow kCallbackUrlUnfit{
    "SYSTEM_ERROR", Retry::kSoon,
    "for this API a failure that lasts means that the URL is not https, cannot be reached from the "
    "internet or has parameters: check it with `couponhook doctor`, then repeat the request"};

/// Error RESOURCE_NOT_EXISTS of the refund query, which is about refunds and not about stocks.
constexpr ErrorRow kRefundUnknown{
    "RESOURCE_NOT_EXISTS", Retry::kNever,
    "this merchant has no such refund: give out_refund_no, your own number, and not the refund_id "
    "of WeChat Pay; choose the merchant that was paid (--mchid), and as a service provider "
    "--sub-mchid; a refund that was just requested may take a minute to appear"};

/// Returns true if an API error means that the merchant has no platform certificates. The error
/// code RESOURCE_NOT_EXISTS is required: a reply 404 without this code comes from a wrong base_url
/// or from a proxy, and says nothing about the merchant.
constexpr bool lacks_certificates(Api api, std::string_view code) {
  return api == Api::kCertificates && code == kPublicKeyMerchant.code;
}

/// Errors of the API that uploads an image. WeChat Pay documents no table of errors for it; what
/// they mean is what users report.
constexpr auto kUploadRows = std::to_array<ErrorRow>({
    {"PARAM_ERROR", Retry::kNever,
     "the file or its description was refused: read the message; if it says that a part is missing "
     "or the hash is wrong, a proxy on the way has rewritten the form"},
    {"SIGN_ERROR", Retry::kNever,
     "WeChat Pay could not verify our signature, which covers only the form's part meta: check "
     "that merchant.api.private_key_file is the key of the certificate "
     "merchant.api.certificate_serial, this machine's clock, and that no proxy rewrites the form"},
    {"SYSTEM_ERROR", Retry::kSoon,
     "a temporary failure at WeChat Pay; if it lasts, the image is one that they cannot read: "
     "export it again with another program, or ask their support with the Request-ID"},
});

constexpr bool sets_callback(Api api) {
  return api == Api::kFavorCallbackSet || api == Api::kBusifavorCallbackSet;
}

ErrorRow by_status(unsigned status) {
  if (status == 401) {
    return {{}, Retry::kNever, "not authorised: check certificate_serial, private key and clock"};
  }
  if (status == 403) {
    return {{}, Retry::kNever, "forbidden: check the merchant's permissions in the console"};
  }
  if (status == 404) return {{}, Retry::kNever, "not found: check the ids and base_url"};
  if (status == 429) return {{}, Retry::kLater, "too many calls: wait a minute"};
  if (status >= 500) return {{}, Retry::kSoon, "a temporary failure at WeChat Pay: repeat it"};
  if (status >= 300 && status < 400) {
    return {{}, Retry::kNever, "a redirect, which is never followed: check base_url"};
  }
  return {{}, Retry::kNever, "see the message; the code is not a documented one"};
}

}  // namespace

std::span<const ErrorRow> documented_errors() {
  return kRows;
}

ErrorRow explain_error(Api api, unsigned status, std::string_view code) {
  if (lacks_certificates(api, code)) return kPublicKeyMerchant;
  if (api == Api::kRefundShow && code == kRefundUnknown.code) return kRefundUnknown;
  if (sets_callback(api) && code == "SYSTEM_ERROR") return kCallbackUrlUnfit;
  const auto has_code = [&](const ErrorRow& row) { return row.code == code; };
  if (api == Api::kImageUpload) {
    const auto row = std::find_if(kUploadRows.begin(), kUploadRows.end(), has_code);
    if (row != kUploadRows.end()) return *row;
  }
  const auto row = std::find_if(kRows.begin(), kRows.end(), has_code);
  return row == kRows.end() ? by_status(status) : *row;
}

bool means_public_key_merchant(const ApiError& error) {
  return error.failure == ApiFailure::kRefused && lacks_certificates(error.api, error.code);
}

}  // namespace couponhook::wechatpay
