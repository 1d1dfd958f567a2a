#pragma once

/// \file
/// A server's certificate chain and key out of PEM files, with what is wrong said of the right one.

#include <filesystem>
#include <string>

#include <openssl/ssl.h>
#include <boost/system/result.hpp>

namespace couponhook::server {

/// Has a context show the chain in one file and use the key in the other.
/// \return an error that names the file at fault and what to do.
[[nodiscard]] boost::system::result<void, std::string> use_chain_and_key(
    SSL_CTX* context, const std::filesystem::path& certificate_chain,
    const std::filesystem::path& private_key);

/// Has a context believe in every certificate of a file, besides those that it believes in already.
/// \return an error that names the file at fault and what to do.
[[nodiscard]] boost::system::result<void, std::string> trust_certificates(
    SSL_CTX* context, const std::filesystem::path& file);

}  // namespace couponhook::server
