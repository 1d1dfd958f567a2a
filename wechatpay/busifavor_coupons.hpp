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
  std::string use_time;  ///< time at which the coupon was used; empty if it was not used
  /// Number that the merchant gave to the request that used the coupon; empty if the coupon was not
  /// used.
  std::string use_request_no;
  /// The merchant's order number of the payment in which the coupon was used; may be empty even if
  /// the coupon was used.
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
  std::string stock_id;  ///< id of the stock (batch) of the coupons to list; empty: all stocks
  /// State of the coupons to list: SENDED, USED or EXPIRED; empty: all states.
  std::string coupon_state;
  /// Id of the merchant that created the stock (batch of coupons). A query must contain the
  /// creator, the owner (belong_merchant) or the sender.
  std::string creator_merchant;
  std::string belong_merchant;
  std::string sender_merchant;
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const BusifavorCouponQuery& query);
[[nodiscard]] ApiRequest list_busifavor_coupons_request(const BusifavorCouponQuery& query);
[[nodiscard]] ApiResult<Page<BusifavorCoupon>> parse_busifavor_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
