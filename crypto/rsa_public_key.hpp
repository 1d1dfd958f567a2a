#pragma once

/// \file
/// Verifies signatures that a merchant made, as WeChat Pay does when a merchant calls its API.

#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// An RSA public key that verifies RSA-SHA256 (PKCS#1 v1.5) signatures. Thread-safe.
class RsaPublicKey {
 public:
  /// Makes the public key from a private key, which contains the public key.
  /// \param pem an unencrypted RSA private key as PEM, PKCS#8 or PKCS#1.
  /// \return the public key, or an error message that describes the fault of the file but never
  ///   contains the key.
  [[nodiscard]] static boost::system::result<RsaPublicKey, std::string> of_private_key(
      const Secret& pem);
  ~RsaPublicKey();
  RsaPublicKey(RsaPublicKey&&) noexcept;
  RsaPublicKey& operator=(RsaPublicKey&&) noexcept;

  /// Verifies a signature over `message` with this public key.
  /// \param signature the signature in canonical base64, as base64_decode() requires.
  /// \return true only if the signature is valid.
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Impl;
  explicit RsaPublicKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::crypto
