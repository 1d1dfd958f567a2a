#pragma once

/// \file
/// Private to this room: what a platform key is made of.

#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/openssl.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// An RSA key that passed every check of PlatformKeys. Constant once it is in the set.
struct PlatformKeys::Key {
  PkeyPtr rsa;
  KeyInfo info;
  std::string lookup;         ///< the serial in the one form that find() compares with
  std::size_t modulus_bytes;  ///< the length of every signature by this key
  std::uint64_t number;       ///< unique in the process; threads keep their contexts by it
};

}  // namespace couponhook::crypto
