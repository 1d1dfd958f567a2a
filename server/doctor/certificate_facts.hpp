#pragma once

/// \file
/// Reads facts about certificates and keys from their files, for the diagnosis of `doctor`.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// Returns the facts about every PEM certificate in the file.
[[nodiscard]] std::vector<CertificateFacts> certificate_facts(const std::filesystem::path& file);

/// Reads a certificate chain from a file in which the server's certificate is first. Verifies the
/// chain with the system's CA certificates, for use by a TLS server.
/// \return the facts about the chain; nothing if the file contains no PEM certificate.
[[nodiscard]] std::optional<TlsFacts> tls_facts(const std::filesystem::path& file);

/// These two functions return the digest of a public key: public_key_digest() reads the PEM file of
/// the public key, the other function reads the file of the private key. Both files of a key pair
/// give the same digest. The result is empty if the file contains no such key.
[[nodiscard]] std::string public_key_digest(const std::filesystem::path& file);
[[nodiscard]] std::string private_key_digest(const std::filesystem::path& file);

}  // namespace couponhook::server
