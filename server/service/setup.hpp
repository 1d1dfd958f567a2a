#pragma once

/// \file
/// Loads the files that the configuration names, and decides whether the service can start with
/// what could be loaded.

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "handlers/handler_type.hpp"
#include "server/admin/admin_tokens.hpp"
#include "server/config/config.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/net/tls_context.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// All objects that the service makes from the configuration and the key files before it opens a
/// port. Parts that could not be loaded are missing or replaced by a safe substitute.
struct Setup {
  Config config;
  /// State of the files (size, modification time and so on) before they were read. Used to notice
  /// later changes.
  UnitMarks marks;
  std::shared_ptr<const Merchants> merchants;
  /// TLS of the public listener. Null: the listener speaks plain HTTP, or loading failed.
  TlsContext tls;
  /// TLS of the admin listener. Null: the listener speaks plain HTTP. A self-signed substitute if
  /// loading failed.
  TlsContext admin_tls;
  /// Tokens that requests to the admin listener may carry: those whose files could be read. If
  /// there is none, the admin listener lets nobody in.
  std::shared_ptr<const AdminTokens> admin_tokens;
  ReceiveRules rules;
  /// Handlers that receive deliveries after the commit.
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
/// opening a file. Adds what is wrong to `problems`.
void check_rules(const Config& config, std::vector<Problem>& problems);

/// Returns the rules by which notifications are examined: the events of each handler.
/// \param problems the function adds one entry for each event pattern that is wrong.
[[nodiscard]] ReceiveRules make_rules(const Config& config, std::vector<Problem>& problems);

/// Checks the key files that are used only for calls to WeChat Pay. Notifications can be received
/// without these files. Adds what is wrong to `problems`.
void check_outbound_files(const Config& config, std::vector<Problem>& problems);

/// Returns the options for opening the store, from the configuration.
[[nodiscard]] storage::StoreOptions store_options(const Config& config);

}  // namespace couponhook::server
