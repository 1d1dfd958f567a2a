#pragma once

/// \file
/// API requests for busifavor coupons (商家券) that users hold. WeChat Pay notifies the issue of
/// such a coupon (COUPON.SEND), but not its use.
///
/// Source: wechatpay-protocol sections 3.2 and 5; WeChat Pay documents merchant/4012534963 and
/// apis/chapter9_2_5.

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
  std::string coupon_state;  ///< state: SENDED, USED, EXPIRED, DELETED or DEACTIVATED
  std::string belong_merchant;
  std::string stock_name;
  std::string receive_time;
  std::string send_request_no;
  std::string use_time;                ///< empty until the coupon is used
  std::string use_request_no;          ///< empty until the coupon is used
  std::string associate_out_trade_no;  ///< may be empty even after use
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
  std::string stock_id;          ///< empty: all stocks
  std::string coupon_state;      ///< SENDED, USED or EXPIRED; empty: all states
  std::string creator_merchant;  ///< creator, belong or sender merchant: at least one is required
  std::string belong_merchant;
  std::string sender_merchant;
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const BusifavorCouponQuery& query);
[[nodiscard]] ApiRequest list_busifavor_coupons_request(const BusifavorCouponQuery& query);
[[nodiscard]] ApiResult<Page<BusifavorCoupon>> parse_busifavor_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
