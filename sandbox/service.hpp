#pragma once

/// \file
/// The running sandbox.

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/config/config.hpp"
#include "server/net/tls_context.hpp"
#include "sandbox/shared_platform.hpp"

namespace couponhook::server::sandbox {

struct ServiceOptions {
  std::string address;
  std::uint16_t port = 0;  ///< 0: the system chooses
  TlsContext tls;          ///< null: plain HTTP
  TlsContext client_tls;   ///< for notifying; null: http only
  std::size_t connections = 8;
  /// Told once, when it accepts.
  std::function<void(const std::string& url)> on_ready;
  /// Told, on any thread, of exceptions that a session did not survive.
  std::function<void(std::exception_ptr bug)> on_bug;
};

/// Serves and notifies until SIGTERM or SIGINT.
/// \return nothing after an orderly end, else what kept it from starting.
[[nodiscard]] std::optional<Problem> run(SharedPlatform& platform, const ServiceOptions& options);

}  // namespace couponhook::server::sandbox
