#pragma once

/// \file
/// API requests that query and set the URL to which WeChat Pay posts notifications, for each of the
/// two coupon products. For favor (代金券), WeChat Pay sends a notification when a coupon is
/// redeemed; for busifavor (商家券), when a coupon is issued.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

enum class CouponProduct : std::uint8_t { kFavor, kBusifavor };
/// Returns the coupon product as text: "favor" or "busifavor".
[[nodiscard]] std::string_view to_string(CouponProduct product);
[[nodiscard]] std::optional<CouponProduct> parse_coupon_product(std::string_view text);

struct CallbackSetting {
  std::string mchid;
  std::string notify_url;
  /// Switch for the notifications of favor coupons (代金券). False stops the notifications. If
  /// absent, WeChat Pay keeps the current state.
  std::optional<bool> enabled{};
};

/// Returns all rules that a notification URL breaks; empty if the URL is good. This function does
/// not check whether WeChat Pay can reach the URL, because that needs a network connection.
[[nodiscard]] std::vector<RuleViolation> callback_url_violations(std::string_view url,
                                                                 CouponProduct product);

/// Returns all rules that a callback setting breaks, those for its notification URL included.
[[nodiscard]] std::vector<RuleViolation> violations(const CallbackSetting& setting,
                                                    CouponProduct product);

/// Makes the API request that sets the notification URL of a coupon product.
/// \param setting the URL and the merchant, for which violations() must be empty.
[[nodiscard]] ApiRequest set_callback_request(CouponProduct product,
                                              const CallbackSetting& setting);
[[nodiscard]] ApiRequest get_callback_request(CouponProduct product, std::string_view mchid);

struct CallbackState {
  std::string notify_url;
  std::string mchid;  ///< id of the merchant; empty if WeChat Pay's reply does not contain it
  /// Time of the last change; only in replies to a request that sets the URL.
  std::string update_time;
};
[[nodiscard]] ApiResult<CallbackState> parse_callback(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
