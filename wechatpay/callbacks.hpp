#pragma once

/// \file
/// Where WeChat Pay posts notifications: setting and asking, for both kinds of coupons.
///
/// Source: wechatpay-protocol section 4 (favor: 代金券, whose redemptions are notified; busifavor:
/// 商家券, whose issues are).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

enum class CouponProduct : std::uint8_t { kFavor, kBusifavor };
[[nodiscard]] std::string_view to_string(CouponProduct product);  ///< favor, busifavor
[[nodiscard]] std::optional<CouponProduct> parse_coupon_product(std::string_view text);

struct CallbackSetting {
  std::string mchid;
  std::string notify_url;
  /// favor only: false stops the pushing; absent leaves it as it is.
  std::optional<bool> enabled{};
};

/// What is wrong with a notification URL, all of it; empty where nothing is. Reachability is not
/// asked here: it takes a network.
[[nodiscard]] std::vector<RuleViolation> callback_url_violations(std::string_view url,
                                                                 CouponProduct product);

/// What is wrong with a setting, its URL included.
[[nodiscard]] std::vector<RuleViolation> violations(const CallbackSetting& setting,
                                                    CouponProduct product);

/// \param setting one without violations().
[[nodiscard]] ApiRequest set_callback_request(CouponProduct product,
                                              const CallbackSetting& setting);
[[nodiscard]] ApiRequest get_callback_request(CouponProduct product, std::string_view mchid);

struct CallbackState {
  std::string notify_url;
  std::string mchid;        ///< empty where the reply does not say
  std::string update_time;  ///< only in replies to a setting
};
[[nodiscard]] ApiResult<CallbackState> parse_callback(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
