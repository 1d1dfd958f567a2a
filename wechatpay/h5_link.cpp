#include "wechatpay/h5_link.hpp"

#include <utility>

#include "base/url.hpp"
#include "crypto/hmac.hpp"

namespace couponhook::wechatpay {
std::vector<RuleViolation> violations(const H5Issue& issue) {
  Rules rules;
  rules.check(has_length(issue.stock_id, 1, 20), "stock_id", "must have 1 to 20 characters");
  rules.check(has_length(issue.out_request_no, 1, 128), "out_request_no",
              "must have 1 to 128 characters");
  rules.check(
      has_length(issue.send_coupon_merchant, 8, 15) && is_number(issue.send_coupon_merchant),
      "send_coupon_merchant", "must be a merchant number of 8 to 15 digits");
  rules.check(has_length(issue.open_id, 1, 128), "open_id", "must have 1 to 128 characters");
  rules.check(issue.coupon_code.size() <= 32, "coupon_code", "must have at most 32 characters");
  return std::move(rules).take();
}

std::string h5_link(const H5Issue& issue, const crypto::Secret& api_v2_key) {
  const std::string sign =
      crypto::api_v2_signature({{"coupon_code", issue.coupon_code},
                                {"open_id", issue.open_id},
                                {"out_request_no", issue.out_request_no},
                                {"send_coupon_merchant", issue.send_coupon_merchant},
                                {"stock_id", issue.stock_id}},
                               api_v2_key);
  base::TargetBuilder target("https://action.weixin.qq.com/busifavor/getcouponinfo");
  target.query("stock_id", issue.stock_id)
      .query("out_request_no", issue.out_request_no)
      .query("sign", sign)
      .query("send_coupon_merchant", issue.send_coupon_merchant)
      .query("open_id", issue.open_id)
      .query("coupon_code", issue.coupon_code);
  return std::move(target).text() + "#wechat_redirect";
}

}  // namespace couponhook::wechatpay
