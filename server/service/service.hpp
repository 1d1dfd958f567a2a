#pragma once

/// \file
/// The running service, from the opening of its ports to the last commit.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "handlers/handler_type.hpp"
#include "server/config/config.hpp"
#include "server/service/setup.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// URLs at which the listeners of the service accept connections.
struct ServiceUrls {
  std::string listener;
  std::string admin;
  std::string metrics;  ///< empty if metrics have no listener of their own
};

/// Objects that the caller of run_service() provides: environment, clock, handler types and
/// callbacks.
struct ServiceOptions {
  Environment environment;
  base::WallClock clock;
  handlers::HandlerTypes handler_types;
  /// Seed of the random numbers that spread retries over time. The seed need not be secret.
  std::uint64_t random_seed;
  /// Name of this process as the owner of leases. The name must be unique for each running process.
  std::string replica;
  /// Function that is called once, when all listeners accept connections.
  std::function<void(const ServiceUrls&)> on_ready;
};

/// Runs the service until SIGTERM or SIGINT, then drains it: the service reports "not ready", waits
/// the load balancer's delay, refuses new connections, finishes the requests in flight, and commits
/// the writer's queue. SIGHUP reloads all parts of the set-up (reload units); a changed file
/// reloads the parts that depend on this file (see Reloader).
///
/// \param problems problems of single reload units. The service logs these problems, and tries to
///   load these units again.
/// \return nothing after an orderly shutdown; otherwise the reason why the service could not start.
[[nodiscard]] std::optional<Problem> run_service(Setup setup, std::vector<Problem> problems,
                                                 storage::Store& store, ServiceOptions options);

}  // namespace couponhook::server
