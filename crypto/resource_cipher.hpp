#pragma once

/// \file
/// Decrypts and encrypts the resource (the encrypted part) of a notification with AES-GCM.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"
#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Reasons why the resource of a notification cannot be decrypted.
enum class OpenError : std::uint8_t {
  kBadEncoding = 1,  ///< the ciphertext of the notification is not canonical base64
  kTooShort = 2,     ///< the ciphertext is shorter than the 16-byte authentication tag
  kBadNonce = 3,     ///< the nonce of the notification does not have 12 bytes
  /// The authentication tag does not match: the key, nonce or associated data is wrong, or the
  /// ciphertext was altered.
  kTagMismatch = 4,
};
[[nodiscard]] std::string_view describe(OpenError error);

/// AES-GCM cipher with one key. This class accepts keys of 16, 24 and 32 bytes, because WeChat
/// Pay's published test vectors use 16-byte keys. The function api_v3_cipher() enforces the length
/// of an APIv3 key (32 bytes).
///
/// Thread-safe: each thread has its own OpenSSL cipher context, which keeps the key schedule of the
/// last key.
class ResourceCipher {
 public:
  /// \param key the AES key, 16, 24 or 32 bytes.
  /// \throws std::invalid_argument if the key has any other length.
  explicit ResourceCipher(Secret key);
  ~ResourceCipher();
  ResourceCipher(ResourceCipher&&) noexcept;
  ResourceCipher& operator=(ResourceCipher&&) noexcept;

  /// Decrypts the resource (the encrypted part) of a notification.
  /// \param nonce the notification's field resource.nonce, 12 bytes.
  /// \param associated_data the notification's field resource.associated_data; empty if that field
  ///   is missing or null.
  /// \param ciphertext the notification's field resource.ciphertext: base64 of the ciphertext
  ///   followed by the authentication tag.
  /// \return the plaintext, or an error. No plaintext is returned before the tag is verified.
  [[nodiscard]] boost::system::result<std::string, OpenError> open(
      std::string_view nonce, std::string_view associated_data, std::string_view ciphertext) const;

  /// Encrypts a text in the form that open() decrypts. A nonce must never be used twice with the
  /// same key.
  /// \return base64 of the ciphertext followed by the authentication tag.
  /// \throws std::invalid_argument if the nonce does not have 12 bytes.
  [[nodiscard]] std::string seal(std::string_view nonce, std::string_view associated_data,
                                 std::string_view plaintext) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Length in bytes of an APIv3 key (the secret that a merchant shares with WeChat Pay). The bytes
/// of this key are used directly as the AES key.
inline constexpr std::size_t kApiV3KeyBytes = 32;

/// Reasons why a text is not an APIv3 key. The messages name the length of the text and the
/// characters to remove, but never the key.
enum class ApiV3KeyError : std::uint8_t {
  kWrongLength = 1,   ///< the key does not have 32 bytes
  kUtf16 = 2,         ///< the text is UTF-16, as some editors save it
  kInQuotes = 3,      ///< the key stands in quotes
  kOddCharacter = 4,  ///< a blank, an invisible character or a character outside of ASCII
};
[[nodiscard]] std::string_view describe(ApiV3KeyError error);
using ApiV3KeyFailure = base::DetailedError<ApiV3KeyError>;

/// Makes the cipher for an APIv3 key from the content of the key's file. Blanks around the key are
/// ignored.
[[nodiscard]] boost::system::result<ResourceCipher, ApiV3KeyFailure> api_v3_cipher(
    Secret file_content);

}  // namespace couponhook::crypto
