#pragma once

/// \file
/// Makes key pairs with self-signed certificates, for users who try the service on their own
/// machine.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

enum class PairKind : std::uint8_t {
  /// Elliptic-curve key (P-256), for TLS: a TLS handshake costs less than half of one with an RSA
  /// key.
  kEcP256,
  kRsa2048,  ///< RSA key of 2048 bits, for signatures like those of WeChat Pay
};

struct SelfSignedOptions {
  PairKind kind = PairKind::kEcP256;
  std::string common_name;
  /// DNS names and IP addresses that the certificate is valid for (its subjectAltName), such as
  /// "DNS:localhost" and "IP:127.0.0.1".
  std::vector<std::string> alternative_names;
  std::chrono::sys_seconds valid_from;
  std::chrono::days valid_for{365};
};

struct SelfSignedPair {
  std::string certificate_pem;
  Secret private_key_pem;      ///< private key of the certificate as PEM (PKCS#8)
  std::string public_key_pem;  ///< public key of the certificate as PEM (SubjectPublicKeyInfo)
  std::string serial;          ///< serial of the certificate, 40 upper-case hexadecimal digits
};

/// Makes a new key pair and a self-signed certificate for it, with a random 160-bit serial.
/// \throws std::runtime_error if OpenSSL refuses an option, for example a bad alternative name.
[[nodiscard]] SelfSignedPair make_self_signed(const SelfSignedOptions& options);

}  // namespace couponhook::crypto
