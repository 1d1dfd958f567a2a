#pragma once

/// \file
/// Builds the H5 link (a web page address) with which a user receives a busifavor coupon (商家券)
/// in a browser. The link is signed locally with the APIv2 key (not the APIv3 key); no API is
/// called.
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
  /// Code of the coupon; required if the stock's code mode is MERCHANT_API, else forbidden.
  std::string coupon_code{};
};

[[nodiscard]] std::vector<RuleViolation> violations(const H5Issue& issue);

/// Builds the H5 link for one coupon.
/// \param issue the coupon and the user, for which violations() must be empty.
/// \return the complete URL, with #wechat_redirect at its end, as WeChat requires.
[[nodiscard]] std::string h5_link(const H5Issue& issue, const crypto::Secret& api_v2_key);

}  // namespace couponhook::wechatpay
