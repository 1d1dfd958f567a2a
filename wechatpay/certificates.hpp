#pragma once

/// \file
/// Platform certificates (certificates of WeChat Pay's signing keys): makes the download request,
/// decrypts and verifies the reply, and merges the downloaded with the stored certificates.

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
  /// Serial of the platform certificate, hexadecimal in upper case, read from the certificate
  /// itself.
  std::string serial;
  std::string pem;
  std::chrono::sys_seconds expires_at;
};

[[nodiscard]] ApiRequest certificates_request();

/// Decrypts and verifies WeChat Pay's reply to certificates_request(), which contains a list of
/// platform certificates. The reply is refused as a whole if one certificate of the list cannot be
/// decrypted or is not a certificate, if the list is empty, or if the signature is wrong. After a
/// refused reply, the service continues to use the certificates that it has. Expired certificates
/// are left out; a list of only expired certificates is an error.
///
/// The first download cannot be verified with a certificate that the service already trusts. So the
/// certificates are decrypted first, which proves that their sender knows the APIv3 key. Then the
/// signature of the reply is verified with the decrypted certificates, or with a key that is
/// already trusted.
///
/// \param ciphers the merchant's current APIv3 keys; each key is tried on each encrypted
///   certificate.
/// \param trusted the platform keys in use; null or empty at the first download.
/// \return the certificates that are valid now, or an error.
[[nodiscard]] ApiResult<std::vector<PlatformCertificate>> open_certificates(
    const ApiReply& reply, std::span<const crypto::ResourceCipher> ciphers,
    const crypto::PlatformKeys* trusted, std::chrono::sys_seconds now);

/// Result of merging the downloaded platform certificates with the stored ones.
struct CertificateMerge {
  /// Platform certificates to use and to store, sorted by the time at which they expire.
  std::vector<PlatformCertificate> current;
  /// Serials of platform certificates that were not stored before.
  std::vector<std::string> added;
  std::vector<std::string> dropped;  ///< serials of stored platform certificates that have expired
  [[nodiscard]] bool changes_anything() const { return !added.empty() || !dropped.empty(); }
};

/// Merges stored and downloaded platform certificates. A stored certificate that is no longer in
/// WeChat Pay's list is kept until it expires. The reason: WeChat Pay can stop the replacement of a
/// certificate half-way, and notifications signed with the withdrawn certificate must still be
/// accepted.
[[nodiscard]] CertificateMerge merge_certificates(std::span<const PlatformCertificate> kept,
                                                  std::span<const PlatformCertificate> fetched,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
