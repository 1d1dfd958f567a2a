#pragma once

/// \file
/// Platform certificates (certificates of WeChat Pay's signing keys): the download request,
/// decryption and verification of the reply, and merging with the stored certificates.

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/platform_keys.hpp"
#include "crypto/resource_cipher.hpp"
#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

struct PlatformCertificate {
  /// Serial of the certificate, upper-case hexadecimal, read from the certificate itself.
  std::string serial;
  std::string pem;
  std::chrono::sys_seconds expires_at;
};

[[nodiscard]] ApiRequest certificates_request();

/// Decrypts and verifies WeChat Pay's reply to certificates_request(). The reply is accepted as a
/// whole or not at all: it is refused if one entry cannot be decrypted or is not a certificate, if
/// the list is empty, or if the signature is wrong. The loaded certificates then stay in use.
/// Expired certificates are left out; a list of only expired certificates is an error.
///
/// The first download cannot be verified with a certificate that is already known. So the entries
/// are decrypted first, which proves that their sender knows the APIv3 key. Then the signature of
/// the reply is verified with the decrypted certificates, or with a key that is already trusted.
///
/// \param ciphers the merchant's current APIv3 keys; each key is tried on each entry.
/// \param trusted the loaded platform keys; null or empty at the first download.
/// \return the certificates that are valid now, or an error.
[[nodiscard]] ApiResult<std::vector<PlatformCertificate>> open_certificates(
    const ApiReply& reply, std::span<const crypto::ResourceCipher> ciphers,
    const crypto::PlatformKeys* trusted, std::chrono::sys_seconds now);

/// Result of merging downloaded platform certificates with stored ones.
struct CertificateMerge {
  /// Certificates to load and to store, sorted by expiry.
  std::vector<PlatformCertificate> current;
  /// Serials of certificates that were not stored before.
  std::vector<std::string> added;
  std::vector<std::string> dropped;  ///< serials of stored certificates that have expired
  [[nodiscard]] bool changes_anything() const { return !added.empty() || !dropped.empty(); }
};

/// Merges stored and downloaded platform certificates. A stored certificate that is no longer in
/// WeChat Pay's list stays until it expires: WeChat Pay can stop the replacement of a certificate
/// half-way, and notifications signed with the withdrawn certificate must still be accepted.
[[nodiscard]] CertificateMerge merge_certificates(std::span<const PlatformCertificate> kept,
                                                  std::span<const PlatformCertificate> fetched,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
