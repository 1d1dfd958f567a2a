#pragma once

/// \file
/// Decrypts the resource (encrypted part) of a notification with the merchant's APIv3 keys.

#include <cstddef>
#include <span>
#include <string>

#include <boost/system/result.hpp>

#include "crypto/resource_cipher.hpp"
#include "handlers/notification.hpp"

namespace couponhook::server {

struct OpenedResource {
  std::string plaintext;
  std::size_t key = 0;  ///< position in the list of the APIv3 key that decrypted the resource
};

/// Decrypts the resource of a notification with the first of the merchant's APIv3 keys that fits;
/// during a change of keys a merchant has several. Thread-safe.
/// \return the plaintext with the key, or the reason why no key fits.
[[nodiscard]] boost::system::result<OpenedResource, std::string> open_resource(
    const handlers::SealedResource& resource, std::span<const crypto::ResourceCipher> ciphers);

}  // namespace couponhook::server
