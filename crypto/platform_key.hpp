#pragma once

/// \file
/// The data of one platform key (a public key of WeChat Pay). Internal header: only crypto/
/// includes it.

#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/openssl.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// A platform key: a public RSA key of WeChat Pay that passed every check. The object never changes
/// after PlatformKeys (the set of platform keys) has stored it.
struct PlatformKeys::Key {
  PkeyPtr rsa;
  KeyInfo info;
  /// The serial of the platform key, in upper case and without leading zeros. Serials are compared
  /// in this form.
  std::string lookup;
  std::size_t modulus_bytes;  ///< length in bytes of every signature made with this platform key
  /// Unique number of the platform key. Threads keep their OpenSSL contexts for the key under this
  /// number.
  std::uint64_t number;
};

}  // namespace couponhook::crypto
