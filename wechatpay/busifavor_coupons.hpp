#pragma once

/// \file
/// Busifavor coupons (商家券) in users' hands. Their issue is what COUPON.SEND notifies; their use
/// is notified by nothing.
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
  std::string coupon_state;  ///< SENDED, USED, EXPIRED, DELETED or DEACTIVATED
  std::string belong_merchant;
  std::string stock_name;
  std::string receive_time;
  std::string send_request_no;
  std::string use_time;                ///< empty until used
  std::string use_request_no;          ///< likewise
  std::string associate_out_trade_no;  ///< likewise; may be empty
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
  std::string stock_id;          ///< empty: any
  std::string coupon_state;      ///< SENDED, USED or EXPIRED; empty: any
  std::string creator_merchant;  ///< one of these three has to be given
  std::string belong_merchant;
  std::string sender_merchant;
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const BusifavorCouponQuery& query);
[[nodiscard]] ApiRequest list_busifavor_coupons_request(const BusifavorCouponQuery& query);
[[nodiscard]] ApiResult<Page<BusifavorCoupon>> parse_busifavor_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
