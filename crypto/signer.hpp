#pragma once

/// \file
/// Makes RSA signatures: for the notifications of a simulated WeChat Pay, and for a merchant's API
/// requests.

#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// A signer that makes RSA-SHA256 (PKCS#1 v1.5) signatures with one private key. Thread-safe.
class Signer {
 public:
  /// Makes a signer from a private key.
  /// \param pem an unencrypted RSA private key as PEM, PKCS#8 or PKCS#1.
  /// \return the signer, or an error message that describes the fault of the file but never
  ///   contains the key.
  [[nodiscard]] static boost::system::result<Signer, std::string> from_pem(const Secret& pem);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  /// Signs a message.
  /// \return the signature in base64.
  [[nodiscard]] std::string sign(std::string_view message) const;

 private:
  struct Impl;
  explicit Signer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Returns the text over which a notification's signature is made: timestamp, nonce and body as
/// three lines, each ended by LF.
/// Source: WeChat Pay's APIv3 documentation, "signature verification".
[[nodiscard]] std::string notification_message(std::string_view timestamp, std::string_view nonce,
                                               std::string_view body);

}  // namespace couponhook::crypto
