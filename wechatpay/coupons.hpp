#pragma once

/// \file
/// API requests for favor coupons (代金券): send one to a user, and query its state.
///
/// Source: wechatpay-protocol sections 3.1, 5 and 6.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/page.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

struct NewCoupon {
  std::string openid;  ///< the receiver's openid under appid; sent in the path, not in the body
  std::string stock_id;
  std::string out_request_no;  ///< idempotency key: the same number gives the same coupon
  std::string appid;
  std::string stock_creator_mchid;
  std::optional<std::int64_t> coupon_value;    ///< fen; only for stocks without a fixed value
  std::optional<std::int64_t> coupon_minimum;  ///< fen; only for stocks without a fixed value
};

/// A request that a person wrote as JSON (openid included), and all rules that it breaks.
struct CheckedCoupon {
  NewCoupon coupon;
  std::vector<RuleViolation> violations;
};
[[nodiscard]] CheckedCoupon check_coupon(std::string_view json);
[[nodiscard]] std::vector<RuleViolation> violations(const NewCoupon& coupon);

/// \param coupon a coupon for which violations() is empty.
[[nodiscard]] ApiRequest send_coupon_request(const NewCoupon& coupon);
/// \return the coupon_id of the new coupon.
[[nodiscard]] ApiResult<std::string> parse_sent_coupon(std::string_view body);

struct Coupon {
  struct Goods {
    std::string goods_id;
    std::int64_t quantity = 0;
    std::int64_t price = 0;            ///< price in fen
    std::int64_t discount_amount = 0;  ///< discount in fen
  };
  struct Consumption {
    std::string consume_time;
    std::string consume_mchid;
    std::string transaction_id;
    std::optional<std::int64_t> consume_amount;  ///< amount in fen
    std::vector<Goods> goods_detail;
  };
  std::string stock_creator_mchid;
  std::string stock_id;
  std::string coupon_id;
  std::string coupon_name;
  std::string status;  ///< as WeChat Pay spells it: SENDED, USED or EXPIRED
  std::string description;
  std::string create_time;
  std::string coupon_type;    ///< coupon type: NORMAL or CUT_TO
  std::string business_type;  ///< MULTIUSE or empty
  std::string available_begin_time;
  std::string available_end_time;
  bool no_cash = false;
  bool singleitem = false;
  std::optional<std::int64_t> coupon_amount;        ///< value of the coupon in fen
  std::optional<std::int64_t> transaction_minimum;  ///< smallest payment for the coupon, in fen
  std::optional<Consumption> consumption;           ///< only if status is USED
};

struct CouponName {
  std::string openid;
  std::string coupon_id;
  std::string appid;
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponName& name);
[[nodiscard]] ApiRequest show_coupon_request(const CouponName& name);
[[nodiscard]] ApiResult<Coupon> parse_coupon(std::string_view body);

/// Query for the coupons of a user. Exactly one of the three merchants must be set. A query by
/// available_mchid does not list redeemed coupons.
struct CouponQuery {
  std::string openid;
  std::string appid;
  std::string creator_mchid;
  std::string sender_mchid;
  std::string available_mchid;
  std::string stock_id;  ///< empty: all stocks
  std::string status;    ///< SENDED or USED; empty: both
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponQuery& query);
[[nodiscard]] ApiRequest list_coupons_request(const CouponQuery& query);
[[nodiscard]] ApiResult<Page<Coupon>> parse_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
