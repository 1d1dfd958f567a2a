#pragma once

/// \file
/// API requests that query and set the URL to which WeChat Pay posts notifications. WeChat Pay has
/// one such URL for favor coupons (代金券), with a notification when a coupon is redeemed, and one
/// for busifavor coupons (商家券), with a notification when a coupon is issued.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

enum class CouponProduct : std::uint8_t { kFavor, kBusifavor };
/// Returns the kind of coupons as text: "favor" (代金券) or "busifavor" (商家券).
[[nodiscard]] std::string_view to_string(CouponProduct product);
[[nodiscard]] std::optional<CouponProduct> parse_coupon_product(std::string_view text);

struct CallbackSetting {
  std::string mchid;
  std::string notify_url;
  /// Switch for the notifications of favor coupons (代金券). False: WeChat Pay stops sending them.
  /// Absent: WeChat Pay keeps the current state of the switch.
  std::optional<bool> enabled{};
};

/// Returns all rules of WeChat Pay that a notification URL breaks; empty if the URL is good. This
/// function does not check whether WeChat Pay can reach the URL, because that needs a network
/// connection.
[[nodiscard]] std::vector<RuleViolation> callback_url_violations(std::string_view url,
                                                                 CouponProduct product);

/// Returns all rules of WeChat Pay that the request for setting a notification URL would break,
/// including rules for the URL itself.
[[nodiscard]] std::vector<RuleViolation> violations(const CallbackSetting& setting,
                                                    CouponProduct product);

/// Makes the API request that sets the notification URL for favor coupons (代金券) or busifavor
/// coupons (商家券).
/// \param setting the URL and the merchant, for which violations() must be empty.
[[nodiscard]] ApiRequest set_callback_request(CouponProduct product,
                                              const CallbackSetting& setting);
[[nodiscard]] ApiRequest get_callback_request(CouponProduct product, std::string_view mchid);

struct CallbackState {
  std::string notify_url;
  /// Id of the merchant in WeChat Pay's reply; empty if the reply does not contain it.
  std::string mchid;
  /// Time at which the notification URL was last changed. Empty in a reply to a query, because
  /// WeChat Pay sends this time only after a request that sets the URL.
  std::string update_time;
};
[[nodiscard]] ApiResult<CallbackState> parse_callback(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
