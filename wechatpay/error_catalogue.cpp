#include "wechatpay/error_catalogue.hpp"

#include <algorithm>
#include <array>

namespace couponhook::wechatpay {
namespace {

constexpr std::array kRows = {
    // Of all APIs
    ErrorRow{"PARAM_ERROR",
             "a parameter is missing or has a value that is not allowed: compare the request with "
             "the message and correct it",
             Retry::kNever},
    ErrorRow{"INVALID_REQUEST",
             "the request is well formed but breaks a business rule: read the message; check the "
             "state of the stock, and that ids belong to the merchant that calls",
             Retry::kNever},
    ErrorRow{"SIGN_ERROR",
             "WeChat Pay could not verify our signature: check that merchant.api.private_key_file "
             "is the key of the certificate merchant.api.certificate_serial, that the certificate "
             "is in force in the merchant console, and this machine's clock",
             Retry::kNever},
    ErrorRow{"SYSTEM_ERROR",
             "a passing failure at WeChat Pay: repeat the same request with the same "
             "out_request_no; if it lasts, ask their support with the Request-ID",
             Retry::kSoon},
    ErrorRow{"FREQUENCY_LIMIT_EXCEED", "too many calls: wait a minute and call less often",
             Retry::kLater},
    ErrorRow{"FREQUENCY_LIMITED", "too many calls: wait a minute and call less often",
             Retry::kLater},
    ErrorRow{"RATELIMIT_EXCEEDED", "too many calls: wait a minute and call less often",
             Retry::kLater},
    // Who may do what
    ErrorRow{"NO_AUTH",
             "the merchant may not do this: enable the product in the merchant console "
             "(营销事件推送 for callbacks, 代金券 for stocks), and call as the stock's creator",
             Retry::kNever},
    ErrorRow{
        "NOAUTH",
        "the merchant may not do this: enable 商家券 and 营销事件推送 in the merchant console, "
        "and call as the merchant that owns the stock",
        Retry::kNever},
    ErrorRow{"MCH_NOT_EXISTS",
             "WeChat Pay knows no such merchant: check mchid and stock_creator_mchid",
             Retry::kNever},
    ErrorRow{
        "APPID_MCHID_NOT_MATCH",
        "appid and merchant are not bound to each other: bind them in the merchant console, or "
        "the stock cannot be sent through this channel",
        Retry::kNever},
    ErrorRow{"REQUEST_BLOCKED",
             "a rule of the activity forbids it: the stock has not started or has ended, its "
             "budget or the user's share is used up, or the merchant may not use this stock; the "
             "message says which",
             Retry::kNever},
    ErrorRow{"USER_ACCOUNT_ABNORMAL",
             "WeChat Pay does not serve this user: send the coupon to another one", Retry::kNever},
    // What is there, and what is left
    ErrorRow{"RESOURCE_NOT_EXISTS",
             "no such stock, coupon or file: check the ids and stock_creator_mchid; a flow file "
             "exists from 10:00 on the day after the activity's end, and only if coupons were "
             "redeemed",
             Retry::kNever},
    ErrorRow{"RESOURCE_ALREADY_EXISTS",
             "this out_request_no was used with other content: take a new one for a new request, "
             "or repeat the first request unchanged",
             Retry::kNever},
    ErrorRow{"NOT_ENOUGH",
             "not enough money or coupons are left: top up the merchant's account or raise the "
             "stock's budget",
             Retry::kNever},
    ErrorRow{"NOT_FOUND", "no such stock or coupon: check the ids", Retry::kNever},
    ErrorRow{"USER_NOT_EXISTS",
             "no such user under this appid: the openid must come from the appid that is sent "
             "along",
             Retry::kNever},
    ErrorRow{"RULELIMIT",
             "a limit of the stock or of the merchant is reached: see the message, then raise the "
             "limit or stop sending",
             Retry::kNever},
    ErrorRow{"RULE_LIMIT",
             "a limit of the stock or of the merchant is reached: see the message, then raise the "
             "limit or stop sending",
             Retry::kNever},
};

constexpr ErrorRow kPublicKeyMerchant{
    "RESOURCE_NOT_EXISTS",
    "this merchant has no platform certificates, WeChat Pay signs for it with its public key: "
    "download the public key in the merchant console (账户中心, API安全), configure it as "
    "[[merchant.platform_public_key]], and set merchant.api.certificate_refresh_minutes = 0",
    Retry::kNever};

/// The favor callback API answers so to a URL that it cannot or may not call.
constexpr ErrorRow kCallbackUrlUnfit{
    "SYSTEM_ERROR",
    "for this API a failure that lasts means that the URL is not https, cannot be reached from the "
    "internet or has parameters: check it with `couponhook doctor`, then repeat the request",
    Retry::kSoon};

constexpr bool sets_callback(Api api) {
  return api == Api::kFavorCallbackSet || api == Api::kBusifavorCallbackSet;
}

ErrorRow by_status(unsigned status) {
  if (status == 401) {
    return {{}, "not authorised: check certificate_serial, private key and clock", Retry::kNever};
  }
  if (status == 403) {
    return {{}, "forbidden: check the merchant's permissions in the console", Retry::kNever};
  }
  if (status == 404) return {{}, "not found: check the ids and base_url", Retry::kNever};
  if (status == 429) return {{}, "too many calls: wait a minute", Retry::kLater};
  if (status >= 500) return {{}, "a passing failure at WeChat Pay: repeat it", Retry::kSoon};
  if (status >= 300 && status < 400) {
    return {{}, "a redirect, which is never followed: check base_url", Retry::kNever};
  }
  return {{}, "see the message; the code is not a documented one", Retry::kNever};
}

}  // namespace

std::span<const ErrorRow> documented_errors() {
  return kRows;
}

ErrorRow explain_error(Api api, unsigned status, std::string_view code) {
  if (api == Api::kCertificates && status == 404) return kPublicKeyMerchant;
  if (sets_callback(api) && code == "SYSTEM_ERROR") return kCallbackUrlUnfit;
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const ErrorRow& r) { return r.code == code; });
  return row == kRows.end() ? by_status(status) : *row;
}

bool means_public_key_merchant(const ApiError& error) {
  return error.failure == ApiFailure::kRefused && error.api == Api::kCertificates &&
         error.status == 404;
}

}  // namespace couponhook::wechatpay
