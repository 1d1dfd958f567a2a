#pragma once

/// \file
/// Fetching platform certificates and keeping them.

#include <string>

#include <boost/system/result.hpp>

#include "server/outbound/api_client.hpp"
#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Why nothing has changed.
struct RefreshFailure {
  std::string message;
  bool public_key_merchant = false;  ///< WeChat Pay has none for this merchant: never ask again
};

/// Downloads, opens and checks the merchant's platform certificates, joins them with those in
/// `certificate_directory`, and keeps the result there. All or nothing.
[[nodiscard]] boost::system::result<wechatpay::CertificateMerge, RefreshFailure>
refresh_certificates(ApiClient& client, std::chrono::sys_seconds now);

}  // namespace couponhook::server
