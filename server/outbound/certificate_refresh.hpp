#pragma once

/// \file
/// Downloads a merchant's platform certificates from WeChat Pay and writes them to a folder.

#include <chrono>
#include <span>
#include <string>

#include <boost/system/result.hpp>

#include "server/outbound/api_client.hpp"
#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Error of a certificate download. The certificates that are already known stay in use.
struct RefreshFailure {
  std::string message;
  /// True if WeChat Pay has no platform certificates for this merchant, because the merchant uses a
  /// public key. The caller must then not download again.
  bool public_key_merchant = false;
};

using RefreshResult = boost::system::result<wechatpay::CertificateMerge, RefreshFailure>;

/// Downloads, decrypts and checks the merchant's platform certificates, and merges them with those
/// in the folder `certificate_directory` and in `known`. Writes no file.
/// \return the merged certificates, or an error.
[[nodiscard]] RefreshResult fetch_certificates(
    ApiClient& client, std::span<const wechatpay::PlatformCertificate> known,
    std::chrono::sys_seconds now);

/// Like fetch_certificates(), but also writes the result to the folder `certificate_directory`. If
/// a file cannot be written, the result is an error.
[[nodiscard]] RefreshResult refresh_certificates(ApiClient& client, std::chrono::sys_seconds now);

}  // namespace couponhook::server
