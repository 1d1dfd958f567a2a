#pragma once

/// \file
/// The running service, from listening to the last commit.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/secret.hpp"
#include "server/clock.hpp"
#include "server/config/config.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log.hpp"
#include "server/merchants.hpp"
#include "server/net/tls_context.hpp"
#include "server/receive.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// Everything that configuration and key files are turned into before a port is opened.
struct Setup {
  Config config;
  std::shared_ptr<const Merchants> merchants;
  TlsContext tls;        ///< null where the listener speaks plain HTTP
  TlsContext admin_tls;  ///< null where the admin listener does
  crypto::Secret admin_token;
  ReceiveRules rules;
  std::vector<HandlerSetup> handlers;  ///< those that are told after the commit
};

/// Opens every file that the configuration names.
/// \param types the user's own types of handler.
/// \param problems gets one entry for each thing that will not do; the set-up is of no use then.
[[nodiscard]] Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                                  std::chrono::sys_seconds now, std::vector<Problem>& problems);

/// Opens the keys that only the outbound commands use: serving does without, but whoever checks a
/// set-up wants to know today.
void check_outbound_files(const Config& config, std::vector<Problem>& problems);

/// What the configuration says of how the store is worked with.
[[nodiscard]] storage::StoreOptions store_options(const Config& config);

struct ServiceOptions {
  Environment environment;
  WallClock clock;
  handlers::HandlerTypes handler_types;
  std::uint64_t random_seed;  ///< spreads retries; need not be secret
  std::string replica;        ///< whose the leases are: another name for each that lives
  /// Told once, when both listeners accept.
  std::function<void(const std::string& listener_url, const std::string& admin_url)> on_ready;
};

/// Serves until SIGTERM or SIGINT, then drains: not ready, the load balancer's delay, no new
/// connections, requests in flight finished, the writer's queue committed. SIGHUP, or a key file
/// that changes, loads keys and certificates anew, all of them or none.
///
/// \return nothing after an orderly end, else what kept it from starting.
[[nodiscard]] std::optional<Problem> run_service(Setup setup, storage::Store& store,
                                                 ServiceOptions options);

}  // namespace couponhook::server
