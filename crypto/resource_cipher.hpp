#pragma once

/// \file
/// Opens and seals the encrypted resource of a notification.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Why a resource could not be opened.
enum class OpenError : std::uint8_t {
  kBadEncoding = 1,  ///< the ciphertext is not canonical base64
  kTooShort = 2,     ///< shorter than the 16-byte tag
  kBadNonce = 3,     ///< the nonce is not 12 bytes
  kTagMismatch = 4,  ///< wrong key, nonce, associated data or altered ciphertext
};
[[nodiscard]] std::string_view describe(OpenError error);

/// AES-GCM under one key. Which APIv3 keys are acceptable is decided by ApiV3Key, above: the public
/// known answers use 16-byte keys too.
///
/// Thread-safe; the cipher context is the thread's own and keeps the key schedule of the key that
/// it used last.
class ResourceCipher {
 public:
  /// \throws std::invalid_argument unless the key is 16, 24 or 32 bytes.
  explicit ResourceCipher(Secret key);
  ~ResourceCipher();
  ResourceCipher(ResourceCipher&&) noexcept;
  ResourceCipher& operator=(ResourceCipher&&) noexcept;

  /// \param nonce resource.nonce, 12 bytes.
  /// \param associated_data resource.associated_data; empty where it is missing or null.
  /// \param ciphertext resource.ciphertext: base64 of ciphertext and tag.
  /// \return the plaintext, only after the tag was found right.
  [[nodiscard]] boost::system::result<std::string, OpenError> open(
      std::string_view nonce, std::string_view associated_data, std::string_view ciphertext) const;

  /// The inverse of open(): base64 of ciphertext and tag.
  /// \throws std::invalid_argument unless the nonce is 12 bytes. A nonce must never be used twice
  ///   under one key.
  [[nodiscard]] std::string seal(std::string_view nonce, std::string_view associated_data,
                                 std::string_view plaintext) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The rule for APIv3 keys: exactly 32 bytes, used as they are.
inline constexpr std::size_t kApiV3KeyBytes = 32;

/// Makes the cipher for an APIv3 key as it stands in a file, with whatever blanks are around it.
/// \return an error that tells the length found and what does not belong there, never the key.
[[nodiscard]] boost::system::result<ResourceCipher, std::string> api_v3_cipher(Secret file_content);

}  // namespace couponhook::crypto
