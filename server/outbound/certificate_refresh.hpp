#pragma once

/// \file
/// Downloads a merchant's platform certificates and writes them to a folder.

#include <chrono>
#include <span>
#include <string>

#include <boost/system/result.hpp>

#include "server/outbound/api_client.hpp"
#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Error of a fetch that changed nothing.
struct RefreshFailure {
  std::string message;
  bool public_key_merchant = false;  ///< WeChat Pay has no certificates for this merchant: never
                                     ///< fetch again
};

using RefreshResult = boost::system::result<wechatpay::CertificateMerge, RefreshFailure>;

/// Downloads, decrypts and checks the merchant's platform certificates, and merges them with those
/// in `certificate_directory` and in `known`. Writes no file.
[[nodiscard]] RefreshResult fetch_certificates(
    ApiClient& client, std::span<const wechatpay::PlatformCertificate> known,
    std::chrono::sys_seconds now);

/// Like fetch_certificates(), and writes the result to `certificate_directory`. If a file cannot be
/// written, the result is an error.
[[nodiscard]] RefreshResult refresh_certificates(ApiClient& client, std::chrono::sys_seconds now);

}  // namespace couponhook::server
