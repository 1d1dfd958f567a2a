#pragma once

/// \file
/// TLS settings (OpenSSL contexts) of the server and of the outgoing HTTP client.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <openssl/types.h>
#include <boost/system/result.hpp>

#include "server/net/tls_files.hpp"

namespace couponhook::server {

/// An immutable TLS context (certificate, key and settings). A new certificate makes a new context.
/// Running sessions keep the old context, so nothing changes during a handshake.
using TlsContext = std::shared_ptr<SSL_CTX>;

/// Makes the context of a TLS server: TLS 1.2 and 1.3, AEAD ciphers with forward secrecy, ALPN
/// http/1.1, and session tickets whose keys live as long as the context.
[[nodiscard]] boost::system::result<TlsContext, TlsFileFailure> make_server_tls(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

/// Does the same as make_server_tls(), but accepts an expired certificate. Clients that do not
/// check the date can then still connect, which is better than no server at all.
[[nodiscard]] boost::system::result<TlsContext, TlsFileFailure> make_server_tls_even_expired(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

/// Makes a TLS context like that of make_server_tls(), with a new key and a new self-signed
/// certificate. Clients that verify certificates refuse it. Other clients, such as a load
/// balancer's health check, still get an answer.
/// \param now the current time, from which the certificate is valid.
/// \throws std::runtime_error if OpenSSL refuses the new certificate.
[[nodiscard]] TlsContext make_temporary_server_tls(std::chrono::sys_seconds now);

/// Returns the time at which the certificate of a TLS context expires; nothing if the context has
/// no certificate.
[[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_end(const TlsContext& context);

/// Makes the context of a TLS client, which verifies the server's certificate.
/// \param ca_file PEM file of certificates to trust besides the system's; may be empty.
[[nodiscard]] boost::system::result<TlsContext, TlsFileFailure> make_client_tls(
    const std::filesystem::path& ca_file);

}  // namespace couponhook::server
