#pragma once

/// \file
/// Builds handlers from the [[handler]] tables of the configuration, and renews them when their
/// files change.

#include <memory>
#include <variant>
#include <vector>

#include "handlers/handler_type.hpp"
#include "server/config/config.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/delivery_thread.hpp"
#include "server/delivery/http_sender.hpp"
#include "server/delivery/renewable_handler.hpp"
#include "server/delivery/worker.hpp"

namespace couponhook::server {

/// A handler that is called after a notification is committed, with checked settings. If one of its
/// files could not be loaded, the handler gets no events until renew_handler() brings a valid
/// version.
struct HandlerSetup {
  HandlerWorkerOptions handler_worker;
  std::variant<HttpTarget, std::shared_ptr<RenewableHandler>> target;
  /// URL or server list of a message broker; empty if the handler does not use a broker.
  std::string broker_address{};
  /// Password for the message broker of the handler; null if there is none.
  std::shared_ptr<const crypto::Secret> secret{};
  /// State of the handler's files when they were read, to notice later changes.
  FileMarks files{};

  /// Returns true if all files of the handler are loaded, so that the handler can be called.
  [[nodiscard]] bool is_loaded() const;
};

/// Checks one [[handler]] table of the configuration and builds its handler.
/// \param number of the table, counted from 1.
/// \param types the handler types that the user has added in C++.
/// \param problems gets one entry for each problem. A problem with a file names this handler: the
///   service loads the handler again when the file has been repaired. A problem with the table can
///   only be repaired by editing the configuration.
/// \return the handler; if a file could not be loaded, its is_loaded() returns false.
[[nodiscard]] HandlerSetup prepare_handler(const Config& config, const HandlerConfig& handler,
                                           std::size_t number, const handlers::HandlerTypes& types,
                                           std::vector<Problem>& problems);

/// Checks and builds, like prepare_handler(), every handler that is called after a notification is
/// committed.
[[nodiscard]] std::vector<HandlerSetup> prepare_handlers(const Config& config,
                                                         const handlers::HandlerTypes& types,
                                                         std::vector<Problem>& problems);

/// Makes a running handler use newly loaded keys, passwords or options. Does nothing if the URL or
/// server list has changed, because the new secret belongs to the new address, which is used only
/// after a restart.
/// \param fresh a handler whose files were all loaded.
void renew_handler(HandlerSetup& running, const HandlerSetup& fresh);

/// Makes, for each handler, the options and the sender (the object that calls the handler) for the
/// delivery worker.
/// \param thread must outlive the senders that are made from the result.
[[nodiscard]] std::vector<HandlerWorkerSetup> make_handler_workers(
    const std::vector<HandlerSetup>& setups, DeliveryThread& thread, const base::WallClock& clock);

}  // namespace couponhook::server
