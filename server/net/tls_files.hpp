#pragma once

/// \file
/// Loads certificates and private keys from PEM files into an OpenSSL context, with error messages
/// that name the file at fault.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <openssl/ssl.h>
#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"

namespace couponhook::server {

/// Reasons why the certificates or the private key in a file cannot be used for TLS. Each message
/// names the file at fault and what to do.
enum class TlsFileError : std::uint8_t {
  kUnreadable = 1,        ///< the file cannot be read, or a PEM block in it has no end
  kNoCertificate = 2,     ///< the file has no certificate in PEM
  kBadCertificate = 3,    ///< a certificate in the file is cut or altered
  kNoKey = 4,             ///< the file has no private key in PEM, or one that needs a password
  kKeyOfAnother = 5,      ///< the private key belongs to none of the certificates
  kWrongOrder = 6,        ///< the private key belongs to a certificate that is not the first
  kRefusedByOpenssl = 7,  ///< OpenSSL does not accept the certificate or its key, as too weak
  kExpired = 8,           ///< the server's certificate has expired; everything else is right
};
[[nodiscard]] std::string_view describe(TlsFileError error);
using TlsFileFailure = base::DetailedError<TlsFileError>;

/// Loads the certificate chain and the private key of a server into a TLS context. Accepts an
/// expired certificate.
[[nodiscard]] boost::system::result<void, TlsFileFailure> use_chain_and_key(
    SSL_CTX* context, const std::filesystem::path& certificate_chain,
    const std::filesystem::path& private_key);

/// Makes a TLS context trust every certificate of a PEM file.
[[nodiscard]] boost::system::result<void, TlsFileFailure> trust_certificates(
    SSL_CTX* context, const std::filesystem::path& file);

}  // namespace couponhook::server
