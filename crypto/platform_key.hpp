#pragma once

/// \file
/// Internal header of crypto/: the data of one platform key (a public key of WeChat Pay).

#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/openssl.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// An RSA key that passed every check of PlatformKeys. Never changes after PlatformKeys stores the
/// key.
struct PlatformKeys::Key {
  PkeyPtr rsa;
  KeyInfo info;
  std::string lookup;         ///< the serial in normal form, as find() compares serials
  std::size_t modulus_bytes;  ///< the length in bytes of every signature made with this key
  std::uint64_t number;       ///< identifies the key: threads cache contexts under it
};

}  // namespace couponhook::crypto
