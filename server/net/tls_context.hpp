#pragma once

/// \file
/// TLS as this service speaks it.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <openssl/types.h>
#include <boost/system/result.hpp>

namespace couponhook::server {

/// An immutable TLS set-up. A new certificate means a new context: sessions keep the one they began
/// with, and nothing changes under a running handshake.
using TlsContext = std::shared_ptr<SSL_CTX>;

/// TLS 1.2 and 1.3, AEAD ciphers with forward secrecy, ALPN http/1.1, session tickets whose keys
/// live as long as the context. \return an error that names the file, what is wrong and what to do:
/// unreadable, not PEM, the key
///   does not belong to the certificate, or the certificate has expired.
[[nodiscard]] boost::system::result<TlsContext, std::string> make_server_tls(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

/// As make_server_tls(), with a certificate that may have expired: better than no listener, for
/// clients that do not look.
[[nodiscard]] boost::system::result<TlsContext, std::string> make_server_tls_even_expired(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

/// As make_server_tls(), with a key and a certificate made here and now that nobody trusts: clients
/// that verify refuse it, and others, such as a balancer's health check, are answered.
/// \throws std::runtime_error where OpenSSL refuses.
[[nodiscard]] TlsContext make_stopgap_server_tls(std::chrono::sys_seconds now);

/// End of validity of the certificate that the context shows; nothing where it shows none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_end(const TlsContext& context);

/// \param ca_file PEM certificates to trust besides the system's; may be empty.
[[nodiscard]] boost::system::result<TlsContext, std::string> make_client_tls(
    const std::filesystem::path& ca_file);

}  // namespace couponhook::server
