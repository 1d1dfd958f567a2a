#pragma once

/// \file
/// The link by which a user takes a busifavor coupon in a browser. Signed here, on the server, with
/// the APIv2 key (not the APIv3 key); nothing is called.
///
/// Source: wechatpay-protocol section 6, "H5 sign rule"; WeChat Pay apis/chapter9_4_1.

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
  std::string coupon_code{};  ///< only and always for stocks whose code mode is MERCHANT_API
};

[[nodiscard]] std::vector<RuleViolation> violations(const H5Issue& issue);

/// \param issue one without violations().
/// \return the whole URL, ending in #wechat_redirect as it must.
[[nodiscard]] std::string h5_link(const H5Issue& issue, const crypto::Secret& api_v2_key);

}  // namespace couponhook::wechatpay
