#pragma once

/// \file
/// Internal header of crypto/: the RSA check of a signature, without the other rules for
/// notifications.

#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// Returns true if the RSA signature (PKCS#1 v1.5) over a SHA-256 digest is valid. Thread-safe:
/// each thread keeps its own OpenSSL contexts and reuses them, which saves an eighth of the cost.
/// \param signature the decoded bytes of the signature, not base64.
[[nodiscard]] bool rsa_verify(const PlatformKeys::Key& key, const Sha256& digest,
                              std::string_view signature);

}  // namespace couponhook::crypto
