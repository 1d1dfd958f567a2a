#pragma once

/// \file
/// Platform certificates: the download request, decryption and verification of the reply, and
/// merging with the stored certificates.
///
/// Source: wechatpay-protocol section 1.7.

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
  std::string serial;  ///< upper-case hexadecimal, read from the certificate
  std::string pem;
  std::chrono::sys_seconds expires_at;
};

[[nodiscard]] ApiRequest certificates_request();

/// Decrypts and verifies the reply to certificates_request(). All or nothing: the whole reply is
/// refused if one entry cannot be decrypted or is not a certificate, if the list is empty, or if
/// the signature is wrong. The loaded certificates then stay in use. Expired certificates are left
/// out; a list of only expired certificates is an error.
///
/// The first download cannot be verified with a certificate that is already known. So the entries
/// are decrypted first, which proves that their sender knows the APIv3 key. Then the signature of
/// the reply is verified with the decrypted certificates, or with a key that is already trusted.
///
/// \param ciphers the merchant's current APIv3 keys; each key is tried on each entry.
/// \param trusted the loaded keys; null or empty at the first download.
[[nodiscard]] ApiResult<std::vector<PlatformCertificate>> open_certificates(
    const ApiReply& reply, std::span<const crypto::ResourceCipher> ciphers,
    const crypto::PlatformKeys* trusted, std::chrono::sys_seconds now);

/// Result of merging downloaded certificates with stored ones.
struct CertificateMerge {
  std::vector<PlatformCertificate> current;  ///< to be loaded and stored, sorted by expiry
  std::vector<std::string> added;            ///< serials that were not stored before
  std::vector<std::string> dropped;          ///< serials of stored certificates that have expired
  [[nodiscard]] bool changes_anything() const { return !added.empty() || !dropped.empty(); }
};

/// Merges stored and downloaded certificates. A stored certificate that is no longer listed stays
/// until it expires: WeChat Pay can stop a certificate roll-out half-way, and notifications signed
/// with the withdrawn certificate must still be accepted.
[[nodiscard]] CertificateMerge merge_certificates(std::span<const PlatformCertificate> kept,
                                                  std::span<const PlatformCertificate> fetched,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
