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
#include "server/delivery/worker.hpp"

namespace couponhook::server {

/// A handler that is told after the commit, with its files opened and its settings checked.
struct HandlerSetup {
  LaneOptions lane;
  std::variant<HttpTarget, std::shared_ptr<handlers::Handler>> target;
};

/// \param types the user's own.
/// \param problems gets one entry for each thing that will not do.
[[nodiscard]] std::vector<HandlerSetup> prepare_handlers(const Config& config,
                                                         const handlers::HandlerTypes& types,
                                                         std::vector<Problem>& problems);

/// Has http handlers that run sign with the secrets that were read anew under the same name, for
/// the same URL: the secret of another place begins with that place, at the next start.
void renew_secrets(const std::vector<HandlerSetup>& running,
                   const std::vector<HandlerSetup>& fresh);

/// \param thread must outlive what is made.
[[nodiscard]] std::vector<LaneSetup> make_lanes(const std::vector<HandlerSetup>& setups,
                                                DeliveryThread& thread, const WallClock& clock);

}  // namespace couponhook::server
