#pragma once

/// \file
/// Internal header of crypto/: the data of one platform key (a public key of WeChat Pay).

#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/openssl.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// An RSA public key that passed every check of PlatformKeys. The object never changes after
/// PlatformKeys has stored it.
struct PlatformKeys::Key {
  PkeyPtr rsa;
  KeyInfo info;
  /// The serial of the key in normal form, in which find() compares serials.
  std::string lookup;
  std::size_t modulus_bytes;  ///< the length in bytes of every signature made with this key
  /// Unique number of the key, under which threads cache their OpenSSL contexts.
  std::uint64_t number;
};

}  // namespace couponhook::crypto
