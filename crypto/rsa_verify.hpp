#pragma once

/// \file
/// Private to this room: RSA itself, below the rules of what a notification looks like.

#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// PKCS#1 v1.5 with SHA-256. Thread-safe: the context is the thread's own and kept for next time,
/// which saves an eighth of the cost.
/// \param signature the bytes, decoded.
[[nodiscard]] bool rsa_verify(const PlatformKeys::Key& key, const Sha256& digest,
                              std::string_view signature);

}  // namespace couponhook::crypto
