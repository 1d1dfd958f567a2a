#pragma once

/// \file
/// Runs the sandbox: listener, sender of notifications, and orderly end.

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
  std::uint16_t port = 0;  ///< 0: the operating system chooses a free port
  HttpLimits limits;
  TlsContext tls;         ///< null: the listener uses plain HTTP
  TlsContext client_tls;  ///< for https notification URLs; null: only http URLs work
  std::size_t connections = 8;
  /// Called once, when the listener accepts connections.
  std::function<void(const std::string& url)> on_ready;
  /// Called, on any thread, with an exception that ended a session.
  std::function<void(std::exception_ptr bug)> on_bug;
};

/// Answers requests and sends notifications until SIGTERM or SIGINT.
/// \return nothing after an orderly end; otherwise the problem that prevented the start.
[[nodiscard]] std::optional<base::Problem> run(SharedPlatform& platform,
                                               const ServiceOptions& options);

}  // namespace couponhook::server::sandbox
