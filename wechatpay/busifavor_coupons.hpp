#pragma once

/// \file
/// API requests about busifavor coupons (商家券) that users hold: query one coupon, and list the
/// coupons of a user. WeChat Pay sends a notification when such a coupon is issued (COUPON.SEND),
/// but not when it is used.
///
/// Source: WeChat Pay's documentation, pages merchant/4012534963 and apis/chapter9_2_5.

#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/page.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

struct BusifavorCoupon {
  std::string stock_id;
  std::string coupon_code;
  std::string coupon_state;  ///< state of the coupon: SENDED, USED, EXPIRED, DELETED or DEACTIVATED
  std::string belong_merchant;
  std::string stock_name;
  std::string receive_time;
  std::string send_request_no;
  std::string use_time;  ///< time of use; empty until the coupon is used
  /// Request number of the use; empty until the coupon is used.
  std::string use_request_no;
  /// Merchant's order number of the payment; may be empty even after use.
  std::string associate_out_trade_no;
};

struct BusifavorCouponName {
  std::string openid;
  std::string coupon_code;
  std::string appid;
};
[[nodiscard]] std::vector<RuleViolation> violations(const BusifavorCouponName& name);
[[nodiscard]] ApiRequest show_busifavor_coupon_request(const BusifavorCouponName& name);
[[nodiscard]] ApiResult<BusifavorCoupon> parse_busifavor_coupon(std::string_view body);

struct BusifavorCouponQuery {
  std::string openid;
  std::string appid;
  std::string stock_id;  ///< stock of the listed coupons; empty: all stocks
  /// State of the listed coupons: SENDED, USED or EXPIRED; empty: all states.
  std::string coupon_state;
  /// Creator of the stock. The query needs a creator, belong or sender merchant (at least one).
  std::string creator_merchant;
  std::string belong_merchant;
  std::string sender_merchant;
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const BusifavorCouponQuery& query);
[[nodiscard]] ApiRequest list_busifavor_coupons_request(const BusifavorCouponQuery& query);
[[nodiscard]] ApiResult<Page<BusifavorCoupon>> parse_busifavor_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
