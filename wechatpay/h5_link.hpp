#pragma once

/// \file
/// Builds the H5 link: the address of a web page of WeChat Pay on which a user receives a busifavor
/// coupon (商家券). couponhook signs the link itself with the APIv2 key (not the APIv3 key),
/// without calling an API.
///
/// Source: WeChat Pay's documentation, page apis/chapter9_4_1.

#include <string>
#include <vector>

#include "crypto/secret.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

struct H5Issue {
  std::string stock_id;
  std::string out_request_no;
  std::string send_coupon_merchant;
  std::string open_id;
  /// Code of the coupon. Required if the stock (batch of coupons) has the code mode MERCHANT_API,
  /// otherwise forbidden.
  std::string coupon_code{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const H5Issue& issue);

/// Builds the H5 link for one coupon: the address of the web page on which the user receives it.
/// \param issue the coupon and the user, for which violations() must be empty.
/// \return the complete URL, with #wechat_redirect at its end, as WeChat requires.
[[nodiscard]] std::string h5_link(const H5Issue& issue, const crypto::Secret& api_v2_key);

}  // namespace couponhook::wechatpay
