#pragma once

/// \file
/// The running service, from opening its ports to the last commit.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/secret.hpp"
#include "server/config/config.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log/log.hpp"
#include "server/net/tls_context.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// All objects that are made from the configuration and the key files before a port is opened.
/// Parts that could not be loaded are missing or replaced by a safe substitute.
struct Setup {
  Config config;
  UnitMarks marks;  ///< the state of the files before they were read
  std::shared_ptr<const Merchants> merchants;
  TlsContext tls;        ///< null for plain HTTP, or when loading failed
  TlsContext admin_tls;  ///< null for plain HTTP; a self-signed substitute when loading failed
  crypto::Secret admin_token;  ///< a random, unknown token when the file could not be read
  ReceiveRules rules;
  std::vector<HandlerSetup> handlers;  ///< handlers that receive deliveries after the commit
};

/// Opens every file that the configuration names.
/// \param types handler types of the user's own program.
/// \param problems gets one entry for each fault. An entry names the unit that alone is affected,
///   or no unit when the whole setup cannot be used.
[[nodiscard]] Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                                  std::chrono::sys_seconds now, std::vector<Problem>& problems);

/// Returns true if a service with these problems can receive notifications; else it must not start.
/// A fault of one merchant, one handler or the status endpoint must not make the service refuse the
/// notifications of other merchants.
[[nodiscard]] bool can_serve(const Setup& setup, std::span<const Problem> problems,
                             std::chrono::sys_seconds now);

/// Checks the handlers' event patterns and the settings that depend on them, without opening a
/// file.
void check_rules(const Config& config, std::vector<Problem>& problems);

/// Checks the files that only calls to WeChat Pay need. Notifications can be received without these
/// files.
void check_outbound_files(const Config& config, std::vector<Problem>& problems);

/// Options for opening the store, from the configuration.
[[nodiscard]] storage::StoreOptions store_options(const Config& config);

/// Dependencies of the service that come from the outside.
struct ServiceOptions {
  Environment environment;
  base::WallClock clock;
  handlers::HandlerTypes handler_types;
  std::uint64_t random_seed;  ///< spreads retries over time; need not be secret
  std::string replica;        ///< owner of the leases: a unique name for each running process
  /// Called once, when both listeners accept connections.
  std::function<void(const std::string& listener_url, const std::string& admin_url)> on_ready;
};

/// Runs the service until SIGTERM or SIGINT, then drains it: readiness becomes false, the load
/// balancer's delay passes, new connections are refused, requests in flight are finished, and the
/// writer's queue is committed. SIGHUP loads all reload units again; a changed file loads the units
/// that depend on it (see Reloader).
///
/// \param problems problems of single units. They are logged, and loading is tried again.
/// \return nothing after an orderly shutdown; else the reason why the service could not start.
[[nodiscard]] std::optional<Problem> run_service(Setup setup, std::vector<Problem> problems,
                                                 storage::Store& store, ServiceOptions options);

}  // namespace couponhook::server
