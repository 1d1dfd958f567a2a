#pragma once

/// \file
/// Platform certificates: asking for them, opening them, and what to do with those already there.
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

/// Opens the reply of certificates_request(). All or nothing: one entry that cannot be opened or is
/// no certificate, an empty list, or a signature that does not hold fails the whole, and what is
/// loaded stays. Expired certificates are left out; a list of nothing else is an error.
///
/// The first download cannot be verified with a certificate that is there already. So the entries
/// are decrypted first, which authenticates each under the APIv3 key, and the same reply's
/// signature is then verified with what came out of it, or with a key that is already trusted.
///
/// \param ciphers the merchant's live APIv3 keys; each entry is tried with each.
/// \param trusted what is loaded now; null or empty at the first download.
[[nodiscard]] ApiResult<std::vector<PlatformCertificate>> open_certificates(
    const ApiReply& reply, std::span<const crypto::ResourceCipher> ciphers,
    const crypto::PlatformKeys* trusted, std::chrono::sys_seconds now);

/// What follows from a download for the certificates that are kept.
struct CertificateMerge {
  std::vector<PlatformCertificate> current;  ///< to be loaded and kept on disk, by expiry
  std::vector<std::string> added;            ///< serials new to us
  std::vector<std::string> dropped;          ///< serials that have expired
  [[nodiscard]] bool changes_anything() const { return !added.empty() || !dropped.empty(); }
};

/// Joins what is kept with what was downloaded. A certificate that is no longer listed stays until
/// it expires: WeChat Pay can stop a roll-out half-way, and notifications that were signed with the
/// withdrawn certificate must not be refused.
[[nodiscard]] CertificateMerge merge_certificates(std::span<const PlatformCertificate> kept,
                                                  std::span<const PlatformCertificate> fetched,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
