#pragma once

/// \file
/// What certificates and keys in files are, whatever slot they were put into.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// \return each PEM certificate that the file holds.
[[nodiscard]] std::vector<CertificateFacts> certificate_facts(const std::filesystem::path& file);

/// The chain in a file, its first certificate being the server's, verified against the system's
/// certificates for the use by a TLS server.
/// \return nothing where the file holds no PEM certificate.
[[nodiscard]] std::optional<TlsFacts> tls_facts(const std::filesystem::path& file);

/// The digest of a public key, of its own PEM file or of a private key's; empty where the file
/// holds none. Two files of one key pair give the same.
[[nodiscard]] std::string public_key_digest(const std::filesystem::path& file);
[[nodiscard]] std::string private_key_digest(const std::filesystem::path& file);

}  // namespace couponhook::server
