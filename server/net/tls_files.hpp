#pragma once

/// \file
/// Loads certificates and private keys from PEM files into an OpenSSL context, with error messages
/// that name the file at fault.

#include <filesystem>
#include <string>

#include <openssl/ssl.h>
#include <boost/system/result.hpp>

namespace couponhook::server {

/// Loads the certificate chain and the private key of a server into a TLS context.
/// \return an error that names the file at fault and what to do.
[[nodiscard]] boost::system::result<void, std::string> use_chain_and_key(
    SSL_CTX* context, const std::filesystem::path& certificate_chain,
    const std::filesystem::path& private_key);

/// Makes a TLS context trust every certificate of a PEM file.
/// \return an error that names the file at fault and what to do.
[[nodiscard]] boost::system::result<void, std::string> trust_certificates(
    SSL_CTX* context, const std::filesystem::path& file);

}  // namespace couponhook::server
