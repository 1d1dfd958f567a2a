#pragma once

/// \file
/// API requests for favor coupons (代金券): send a coupon to a user, and query coupons of a user.

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
  /// The openid of the user who gets the coupon. It is sent in the path of the request, not in the
  /// body.
  std::string openid;
  std::string stock_id;
  /// Idempotency key of the request that sends a coupon: for the same number, WeChat Pay gives the
  /// same coupon and not a second one.
  std::string out_request_no;
  std::string appid;
  std::string stock_creator_mchid;
  /// Value of the coupon in fen (1/100 yuan). Set only for a stock (batch of coupons) whose coupons
  /// have no fixed value.
  std::optional<std::int64_t> coupon_value;
  /// Smallest payment for which the coupon can be used, in fen (1/100 yuan). Set only for a stock
  /// (batch of coupons) whose coupons have no fixed value.
  std::optional<std::int64_t> coupon_minimum;
};

/// A request to send a coupon, which a person wrote as JSON (with the user's openid), and all rules
/// that the request breaks.
struct CheckedCoupon {
  NewCoupon coupon;
  std::vector<RuleViolation> violations;
};
[[nodiscard]] CheckedCoupon check_coupon(std::string_view json);
[[nodiscard]] std::vector<RuleViolation> violations(const NewCoupon& coupon);

/// Makes the API request that sends a coupon to a user.
/// \param coupon the coupon to send, for which violations() must be empty.
[[nodiscard]] ApiRequest send_coupon_request(const NewCoupon& coupon);
/// Parses WeChat Pay's reply to the request that sends a coupon.
/// \return the coupon_id of the new coupon, or an error.
[[nodiscard]] ApiResult<std::string> parse_sent_coupon(std::string_view body);

struct Coupon {
  struct Goods {
    std::string goods_id;
    std::int64_t quantity = 0;
    std::int64_t price = 0;            ///< price of one item in the payment, in fen (1/100 yuan)
    std::int64_t discount_amount = 0;  ///< discount on one item in the payment, in fen
  };
  struct Consumption {
    std::string consume_time;
    std::string consume_mchid;
    std::string transaction_id;
    /// Amount of the coupon that was used in the payment, in fen.
    std::optional<std::int64_t> consume_amount;
    std::vector<Goods> goods_detail;
  };
  std::string stock_creator_mchid;
  std::string stock_id;
  std::string coupon_id;
  std::string coupon_name;
  std::string status;  ///< state of the coupon, as WeChat Pay spells it: SENDED, USED or EXPIRED
  std::string description;
  std::string create_time;
  std::string coupon_type;  ///< type of the coupon: NORMAL (满减) or CUT_TO (减至)
  /// Business type of the coupon: MULTIUSE if the coupon can be used several times, otherwise
  /// empty.
  std::string business_type;
  std::string available_begin_time;
  std::string available_end_time;
  bool no_cash = false;
  bool singleitem = false;
  std::optional<std::int64_t> coupon_amount;  ///< value of the coupon in fen (1/100 yuan)
  /// Smallest payment for which the coupon can be used, in fen (1/100 yuan).
  std::optional<std::int64_t> transaction_minimum;
  /// The payment in which the coupon was used. Absent unless the coupon's status is USED.
  std::optional<Consumption> consumption;
};

struct CouponName {
  std::string openid;
  std::string coupon_id;
  std::string appid;
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponName& name);
[[nodiscard]] ApiRequest show_coupon_request(const CouponName& name);
[[nodiscard]] ApiResult<Coupon> parse_coupon(std::string_view body);

/// Query for the coupons of a user. Exactly one of creator_mchid, sender_mchid and available_mchid
/// must be set. A query by available_mchid returns no redeemed coupons.
struct CouponQuery {
  std::string openid;
  std::string appid;
  std::string creator_mchid;
  std::string sender_mchid;
  std::string available_mchid;
  std::string stock_id;  ///< id of the stock (batch) of the coupons to list; empty: all stocks
  std::string status;    ///< state of the coupons to list: SENDED or USED; empty: both
  PageRequest page{0, 20};
};
[[nodiscard]] std::vector<RuleViolation> violations(const CouponQuery& query);
[[nodiscard]] ApiRequest list_coupons_request(const CouponQuery& query);
[[nodiscard]] ApiResult<Page<Coupon>> parse_coupons(std::string_view body);

}  // namespace couponhook::wechatpay
