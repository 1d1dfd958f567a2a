#pragma once

/// \file
/// Queries and sets the URL to which WeChat Pay posts notifications, for both coupon products.
///
/// Source: wechatpay-protocol section 4. Favor: 代金券, whose redemptions are notified. Busifavor:
/// 商家券, whose issues are notified.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

enum class CouponProduct : std::uint8_t { kFavor, kBusifavor };
[[nodiscard]] std::string_view to_string(CouponProduct product);  ///< returns favor or busifavor
[[nodiscard]] std::optional<CouponProduct> parse_coupon_product(std::string_view text);

struct CallbackSetting {
  std::string mchid;
  std::string notify_url;
  /// Switch for notifications, only for favor coupons. False stops notifications. If absent, the
  /// current state is kept.
  std::optional<bool> enabled{};
};

/// All rules that a notification URL breaks; empty if the URL is good. Reachability is not checked,
/// because that needs a network connection.
[[nodiscard]] std::vector<RuleViolation> callback_url_violations(std::string_view url,
                                                                 CouponProduct product);

/// All rules that a setting breaks, those of its URL included.
[[nodiscard]] std::vector<RuleViolation> violations(const CallbackSetting& setting,
                                                    CouponProduct product);

/// \param setting a setting for which violations() is empty.
[[nodiscard]] ApiRequest set_callback_request(CouponProduct product,
                                              const CallbackSetting& setting);
[[nodiscard]] ApiRequest get_callback_request(CouponProduct product, std::string_view mchid);

struct CallbackState {
  std::string notify_url;
  std::string mchid;        ///< empty if the reply does not name the merchant
  std::string update_time;  ///< only in replies to a set request
};
[[nodiscard]] ApiResult<CallbackState> parse_callback(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
