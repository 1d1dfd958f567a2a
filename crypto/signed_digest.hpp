#pragma once

/// \file
/// Recovers the SHA-256 digest over which a signature was made, to find out which change of a
/// message made its signature wrong.

#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// A digest that a platform key signed.
struct SignedDigest {
  std::string serial;  ///< serial of the platform key that made the signature
  Sha256 digest;
};

/// Recovers the digest from a signature, with each key of the set. A result proves that WeChat Pay
/// made the signature, whatever happened to the message afterwards. Thread-safe; takes about 20 µs
/// for each key.
/// \param signature value of the Wechatpay-Signature header, base64.
/// \return the digest with the key that fits; nothing if no key of the set made this signature.
///   Expired certificates are used too.
[[nodiscard]] std::optional<SignedDigest> recover_digest(const PlatformKeys& keys,
                                                         std::string_view signature);

}  // namespace couponhook::crypto
