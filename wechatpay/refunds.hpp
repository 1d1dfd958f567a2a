#pragma once

/// \file
/// API request that queries one refund by the merchant's own number.
///
/// Path, fields and the rate limit are those of WeChat Pay's documentation (查询单笔退款, page
/// pay.weixin.qq.com/doc/v3/merchant/4013071041). Inferred, because it is documented nowhere: that
/// promotion_id of a 代金券 is its coupon_id.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/refund_amounts.hpp"
#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

struct RefundName {
  std::string out_refund_no;  ///< the merchant's own number of the refund
  /// The merchant for which a service provider took the payment; empty for an ordinary merchant.
  std::string sub_mchid;
};
[[nodiscard]] std::vector<RuleViolation> violations(const RefundName& name);
[[nodiscard]] ApiRequest show_refund_request(const RefundName& name);

/// A refund as WeChat Pay's own records have it.
struct Refund {
  /// One discount of the refunded order: a coupon (代金券), or a discount without a coupon
  /// (立减优惠).
  struct Promotion {
    base::CouponShare share;
    std::string scope;  ///< GLOBAL (全场代金券) or SINGLE (单品优惠)
    std::string type;   ///< COUPON (充值型代金券) or DISCOUNT (免充值型优惠券)
  };
  std::string refund_id;
  std::string out_refund_no;
  std::string transaction_id;
  std::string out_trade_no;
  std::string user_received_account;
  std::string success_time;  ///< empty unless the refund succeeded
  std::string create_time;
  std::string status;  ///< SUCCESS, CLOSED, PROCESSING or ABNORMAL
  base::RefundAmounts amounts;
  std::vector<Promotion> promotions;

  [[nodiscard]] bool succeeded() const { return status == "SUCCESS"; }
};

/// Parses WeChat Pay's reply to a refund query. A reply whose ids, status or amounts do not have
/// the documented form, or that is about another refund than `name`, is an error: reconciliation
/// would store it as a fact.
[[nodiscard]] ApiResult<Refund> parse_refund(std::string_view body, const RefundName& name);

}  // namespace couponhook::wechatpay
