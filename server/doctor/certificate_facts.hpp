#pragma once

/// \file
/// Reads facts about the certificates and keys in files.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// \return every PEM certificate in the file.
[[nodiscard]] std::vector<CertificateFacts> certificate_facts(const std::filesystem::path& file);

/// Reads a certificate chain, the server's certificate first. Verifies it with the system's CAs for
/// use by a TLS server.
/// \return nothing if the file contains no PEM certificate.
[[nodiscard]] std::optional<TlsFacts> tls_facts(const std::filesystem::path& file);

/// Return the digest of a public key: of its own PEM file, or of the private key's file; empty if
/// the file contains none. Both files of a key pair give the same digest.
[[nodiscard]] std::string public_key_digest(const std::filesystem::path& file);
[[nodiscard]] std::string private_key_digest(const std::filesystem::path& file);

}  // namespace couponhook::server
