#pragma once

/// \file
/// The certificates that the listeners serve at this moment.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/live.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// TLS context of a listener, and the path of its certificate.
struct ServedTls {
  TlsContext context;          ///< null: plain HTTP
  std::filesystem::path path;  ///< path of the certificate
};

/// A listener's active certificate, as /status shows it.
struct ServedCertificate {
  std::string what;  ///< name of the unit: listener or admin
  std::string path;
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// The active certificates of the listeners. Thread-safe.
[[nodiscard]] std::vector<ServedCertificate> served_certificates(
    const base::Live<ServedTls>& tls, const base::Live<ServedTls>& admin_tls);

}  // namespace couponhook::server
