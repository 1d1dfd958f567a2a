#pragma once

/// \file
/// Runs the sandbox (a simulated WeChat Pay): starts the HTTP listener and the sender of
/// notifications, and ends both in order after SIGTERM or SIGINT.

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
  /// Port of the sandbox's listener; 0: the operating system chooses a free port.
  std::uint16_t port = 0;
  HttpLimits limits;
  TlsContext tls;  ///< certificate of the sandbox's listener; null: the listener uses plain HTTP
  /// TLS settings for sending notifications to https URLs. Null: notifications can be sent only to
  /// http URLs.
  TlsContext client_tls;
  std::size_t connections = 8;
  /// Function that is called once, when the sandbox's listener accepts connections. `url` is the
  /// address of the listener.
  std::function<void(const std::string& url)> on_ready;
  /// Function that is called, on any thread, with an exception that ended the connection of a
  /// client.
  std::function<void(std::exception_ptr bug)> on_bug;
};

/// Runs the sandbox: answers requests and sends notifications until SIGTERM or SIGINT.
/// \return nothing after an orderly end; otherwise the problem because of which the sandbox could
///   not start.
[[nodiscard]] std::optional<base::Problem> run(SharedPlatform& platform,
                                               const ServiceOptions& options);

}  // namespace couponhook::server::sandbox
