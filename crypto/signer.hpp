#pragma once

/// \file
/// Signs as WeChat Pay and its merchants do.

#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// RSA-SHA256 (PKCS#1 v1.5) with one private key, base64 out. Thread-safe.
class Signer {
 public:
  /// \param pem an unencrypted RSA private key, PKCS#8 or PKCS#1.
  /// \return an error that says what is wrong with the file, never its content.
  [[nodiscard]] static boost::system::result<Signer, std::string> from_pem(const Secret& pem);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  [[nodiscard]] std::string sign(std::string_view message) const;

 private:
  struct Impl;
  explicit Signer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The message that a notification's signature covers: three lines, each ended by LF.
/// Source: WeChat Pay APIv3, "signature verification".
[[nodiscard]] std::string notification_message(std::string_view timestamp, std::string_view nonce,
                                               std::string_view body);

}  // namespace couponhook::crypto
