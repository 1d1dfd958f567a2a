#pragma once

/// \file
/// Fetching platform certificates and keeping them.

#include <chrono>
#include <span>
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

using RefreshResult = boost::system::result<wechatpay::CertificateMerge, RefreshFailure>;

/// Downloads, opens and checks the merchant's platform certificates, and joins them with those in
/// `certificate_directory` and in `known`. Keeps nothing.
[[nodiscard]] RefreshResult fetch_certificates(
    ApiClient& client, std::span<const wechatpay::PlatformCertificate> known,
    std::chrono::sys_seconds now);

/// As fetch_certificates(), and keeps the result in `certificate_directory`. All or nothing.
[[nodiscard]] RefreshResult refresh_certificates(ApiClient& client, std::chrono::sys_seconds now);

}  // namespace couponhook::server
