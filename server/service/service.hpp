#pragma once

/// \file
/// The running service, from listening to the last commit.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/secret.hpp"
#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log/log.hpp"
#include "server/receive/merchants.hpp"
#include "server/net/tls_context.hpp"
#include "server/receive/receive.hpp"
#include "server/config/reload_units.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// Everything that configuration and key files are turned into before a port is opened, as far as
/// they would do.
struct Setup {
  Config config;
  UnitMarks marks;  ///< the state of the files before they were read
  std::shared_ptr<const Merchants> merchants;
  TlsContext tls;        ///< null where the listener speaks plain HTTP, or could not be set up
  TlsContext admin_tls;  ///< null where the admin listener does; a stopgap where it could not
  crypto::Secret admin_token;  ///< one that nobody knows where the file could not be read
  ReceiveRules rules;
  std::vector<HandlerSetup> handlers;  ///< those that are told after the commit
};

/// Opens every file that the configuration names.
/// \param types the user's own types of handler.
/// \param problems gets one entry for each thing that will not do: with the unit that alone is at
///   fault, or without one where the set-up as a whole is of no use.
[[nodiscard]] Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                                  std::chrono::sys_seconds now, std::vector<Problem>& problems);

/// Whether a service with these problems can receive anything: else it must not start. What is
/// wrong with one merchant, handler or the status endpoint is no reason to turn others away.
[[nodiscard]] bool can_serve(const Setup& setup, std::span<const Problem> problems,
                             std::chrono::sys_seconds now);

/// What is wrong with the handlers' events and what depends on them, without opening a file.
void check_rules(const Config& config, std::vector<Problem>& problems);

/// Opens the files that only calls to WeChat Pay need. Notifications come in without them.
void check_outbound_files(const Config& config, std::vector<Problem>& problems);

/// What the configuration says of how the store is worked with.
[[nodiscard]] storage::StoreOptions store_options(const Config& config);

struct ServiceOptions {
  Environment environment;
  base::WallClock clock;
  handlers::HandlerTypes handler_types;
  std::uint64_t random_seed;  ///< spreads retries; need not be secret
  std::string replica;        ///< whose the leases are: another name for each that lives
  /// Told once, when both listeners accept.
  std::function<void(const std::string& listener_url, const std::string& admin_url)> on_ready;
};

/// Serves until SIGTERM or SIGINT, then drains: not ready, the load balancer's delay, no new
/// connections, requests in flight finished, the writer's queue committed. SIGHUP loads everything
/// anew that can be while it runs, and a file that changes what depends on it: see Reloader.
///
/// \param problems of the set-up's units, which are told and tried again.
/// \return nothing after an orderly end, else what kept it from starting.
[[nodiscard]] std::optional<Problem> run_service(Setup setup, std::vector<Problem> problems,
                                                 storage::Store& store, ServiceOptions options);

}  // namespace couponhook::server
