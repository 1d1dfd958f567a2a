#pragma once

/// \file
/// Makes RSA signatures: for the notifications of a simulated WeChat Pay, and for a merchant's API
/// requests.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"
#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Reasons why a file does not hold a private key for RSA signatures. The messages never contain
/// anything of the key.
enum class PrivateKeyError : std::uint8_t {
  kUnreadable = 1,  ///< no private key in PEM, or one that needs a password
  kNotRsa = 2,      ///< the private key is of another kind, for example of an elliptic curve
  kTooShort = 3,    ///< the RSA modulus has less than 2048 bits
};
[[nodiscard]] std::string_view describe(PrivateKeyError error);
using PrivateKeyFailure = base::DetailedError<PrivateKeyError>;

/// A signer that makes RSA-SHA256 (PKCS#1 v1.5) signatures with one private key. Thread-safe.
class Signer {
 public:
  /// Makes a signer from a private key.
  /// \param pem an unencrypted RSA private key as PEM, PKCS#8 or PKCS#1.
  [[nodiscard]] static boost::system::result<Signer, PrivateKeyFailure> from_pem(const Secret& pem);
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
