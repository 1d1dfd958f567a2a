#pragma once

/// \file
/// The TLS certificates that the public and the admin listener use at this moment.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/live.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// TLS context of a listener, and the path of the listener's certificate file.
struct ServedTls {
  TlsContext context;          ///< null if the listener speaks plain HTTP, without TLS
  std::filesystem::path path;  ///< path of the certificate file
};

/// The certificate that a listener uses now, as /status shows it.
struct ServedCertificate {
  std::string what;  ///< name of the listener: "listener" (public) or "admin"
  std::string path;
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// Returns the certificates that the public and the admin listener use now. Thread-safe.
[[nodiscard]] std::vector<ServedCertificate> served_certificates(
    const base::Live<ServedTls>& tls, const base::Live<ServedTls>& admin_tls);

}  // namespace couponhook::server
