#pragma once

/// \file
/// Runs the sandbox: the HTTP listener, the sender of notifications, and an orderly end after
/// SIGTERM or SIGINT.

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/problem.hpp"
#include "sandbox/shared_platform.hpp"
#include "server/net/listener_share.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server::sandbox {

struct ServiceOptions {
  std::string address;
  std::uint16_t port = 0;  ///< port of the listener; 0: the operating system chooses a free port
  HttpLimits limits;
  TlsContext tls;  ///< certificate of the listener; null: the listener uses plain HTTP
  /// TLS settings for notification URLs with https; null: only URLs with http work.
  TlsContext client_tls;
  std::size_t connections = 8;
  /// Called once, when the sandbox's listener accepts connections. `url` is the listener's address.
  std::function<void(const std::string& url)> on_ready;
  /// Called, on any thread, with an exception that ended a client's connection.
  std::function<void(std::exception_ptr bug)> on_bug;
};

/// Runs the sandbox: answers requests and sends notifications until SIGTERM or SIGINT.
/// \return nothing after an orderly end; otherwise the problem that prevented the start of the
/// sandbox.
[[nodiscard]] std::optional<base::Problem> run(SharedPlatform& platform,
                                               const ServiceOptions& options);

}  // namespace couponhook::server::sandbox
