#pragma once

/// \file
/// Favor coupons (代金券) in users' hands: sending one, and asking what became of them.
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
  std::string openid;  ///< the receiver, under appid; goes into the path, not the body
  std::string stock_id;
  std::string out_request_no;  ///< a repetition with the same number is the same coupon
  std::string appid;
  std::string stock_creator_mchid;
  std::optional<std::int64_t> coupon_value;    ///< fen; only for stocks of free value
  std::optional<std::int64_t> coupon_minimum;  ///< likewise
};

/// A request that someone wrote as JSON, openid included, and all that is wrong with it.
struct CheckedCoupon {
  NewCoupon coupon;
  std::vector<RuleViolation> violations;
};
[[nodiscard]] CheckedCoupon check_coupon(std::string_view json);
[[nodiscard]] std::vector<RuleViolation> violations(const NewCoupon& coupon);

/// \param coupon one without violations().
[[nodiscard]] ApiRequest send_coupon_request(const NewCoupon& coupon);
/// \return the coupon_id.
[[nodiscard]] ApiResult<std::string> parse_sent_coupon(std::string_view body);

struct Coupon {
  struct Goods {
    std::string goods_id;
    std::int64_t quantity = 0;
    std::int64_t price = 0;            ///< fen
    std::int64_t discount_amount = 0;  ///< fen
  };
  struct Consumption {
    std::string consume_time;
    std::string consume_mchid;
    std::string transaction_id;
    std::optional<std::int64_t> consume_amount;  ///< fen
    std::vector<Goods> goods_detail;
  };
  std::string stock_creator_mchid;
  std::string stock_id;
  std::string coupon_id;
  std::string coupon_name;
  std::string status;  ///< SENDED (sic), USED or EXPIRED
  std::string description;
  std::string create_time;
  std::string coupon_type;    ///< NORMAL or CUT_TO
  std::string business_type;  ///< MULTIUSE, or empty
  std::string available_begin_time;
  std::string available_end_time;
  bool no_cash = false;
  bool singleitem = false;
  std::optional<std::int64_t> coupon_amount;        ///< fen
  std::optional<std::int64_t> transaction_minimum;  ///< fen
  std::optional<Consumption> consumption;           ///< where status is USED
};

struct CouponName {
  std::string openid;
  std::string coupon_id;
  std::string appid;
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponName& name);
[[nodiscard]] ApiRequest show_coupon_request(const CouponName& name);
[[nodiscard]] ApiResult<Coupon> parse_coupon(std::string_view body);

/// A user's coupons. Exactly one of the three merchants has to be named; coupons that were redeemed
/// are not listed by available_mchid.
struct CouponQuery {
  std::string openid;
  std::string appid;
  std::string creator_mchid;
  std::string sender_mchid;
  std::string available_mchid;
  std::string stock_id;  ///< empty: any
  std::string status;    ///< SENDED or USED; empty: any
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponQuery& query);
[[nodiscard]] ApiRequest list_coupons_request(const CouponQuery& query);
[[nodiscard]] ApiResult<Page<Coupon>> parse_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
