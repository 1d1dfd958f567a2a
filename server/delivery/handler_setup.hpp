#pragma once

/// \file
/// From [[handler]] tables to handlers that can be called.

#include <memory>
#include <variant>
#include <vector>

#include "handlers/handler_type.hpp"
#include "server/config/config.hpp"
#include "server/delivery/delivery_thread.hpp"
#include "server/delivery/http_sender.hpp"
#include "server/delivery/renewable_handler.hpp"
#include "server/delivery/worker.hpp"
#include "server/config/reload_units.hpp"

namespace couponhook::server {

/// A handler that is told after the commit, with its settings checked and its files opened as far
/// as they could be: where one could not, it takes no event before renew_handler().
struct HandlerSetup {
  LaneOptions lane;
  std::variant<HttpTarget, std::shared_ptr<RenewableHandler>> target;
  std::string place{};                             ///< of a broker: where it is
  std::shared_ptr<const crypto::Secret> secret{};  ///< of a broker: its password, or null
  FileMarks files{};                               ///< what it was made from, as it was then

  /// Whether it can be called.
  [[nodiscard]] bool is_loaded() const;
};

/// \param number of the table, from 1.
/// \param types the user's own.
/// \param problems gets one entry for each thing that will not do; what is wrong with files belongs
///   to the handler's unit, and what is wrong with the table to the whole set-up.
[[nodiscard]] HandlerSetup prepare_handler(const Config& config, const HandlerConfig& handler,
                                           std::size_t number, const handlers::HandlerTypes& types,
                                           std::vector<Problem>& problems);

/// The same for every handler that is told after the commit.
[[nodiscard]] std::vector<HandlerSetup> prepare_handlers(const Config& config,
                                                         const handlers::HandlerTypes& types,
                                                         std::vector<Problem>& problems);

/// Has a running handler work with what was read anew, for the same place: the secret of another
/// place begins with that place, at the next start. \param fresh whose files could all be loaded.
void renew_handler(HandlerSetup& running, const HandlerSetup& fresh);

/// \param thread must outlive what is made.
[[nodiscard]] std::vector<LaneSetup> make_lanes(const std::vector<HandlerSetup>& setups,
                                                DeliveryThread& thread, const base::WallClock& clock);

}  // namespace couponhook::server
