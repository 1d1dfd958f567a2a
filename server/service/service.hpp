#pragma once

/// \file
/// The running service, from the opening of its ports to the last commit.

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

/// All objects that the service makes from the configuration and the key files before it opens a
/// port. Parts that could not be loaded are missing or replaced by a safe substitute.
struct Setup {
  Config config;
  /// State of the configured files (size, modification time and so on) before they were read. The
  /// reloader compares this state with the files, to notice later changes.
  UnitMarks marks;
  std::shared_ptr<const Merchants> merchants;
  /// TLS settings of the public listener. The pointer is null if this listener speaks plain HTTP,
  /// or if loading its certificate failed.
  TlsContext tls;
  /// TLS settings of the admin listener. The pointer is null if this listener speaks plain HTTP. If
  /// loading the certificate failed, a self-signed certificate replaces it.
  TlsContext admin_tls;
  /// Token that requests to the admin listener must carry. If the token's file could not be read,
  /// this is a random token that nobody knows.
  crypto::Secret admin_token;
  ReceiveRules rules;
  /// Handlers that receive deliveries after an event is committed to the database.
  std::vector<HandlerSetup> handlers;
};

/// Opens and loads every file that the configuration names.
/// \param types handler types of the user's own program.
/// \param problems the function adds one entry for each fault. The entry names the reload unit
///   (part of the set-up that is reloaded by itself) if only this part is affected, and no unit if
///   the whole set-up cannot be used.
[[nodiscard]] Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                                  std::chrono::sys_seconds now, std::vector<Problem>& problems);

/// Decides whether the service may start although there are problems. A fault of one merchant, one
/// handler or the status endpoint must not make the service refuse the notifications of other
/// merchants.
/// \return true if a service with these problems can receive notifications.
[[nodiscard]] bool can_serve(const Setup& setup, std::span<const Problem> problems,
                             std::chrono::sys_seconds now);

/// Checks the handlers' event patterns and the settings that depend on these patterns, without
/// opening a file. Adds each fault to `problems`.
void check_rules(const Config& config, std::vector<Problem>& problems);

/// Checks the key files that are used only for calls to WeChat Pay. Notifications can be received
/// without these files. Adds each unusable file to `problems`.
void check_outbound_files(const Config& config, std::vector<Problem>& problems);

/// Returns the options for opening the store, from the configuration.
[[nodiscard]] storage::StoreOptions store_options(const Config& config);

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
  /// Function that is called once, when both listeners accept connections.
  std::function<void(const std::string& listener_url, const std::string& admin_url)> on_ready;
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
