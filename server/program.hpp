#pragma once

/// \file
/// The process around the command line.

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// Runs couponhook with the system's clock, randomness, environment and standard streams. Errors
/// that nobody expected are told on standard error.
/// \param open_store opens the service's store.
/// \param handler_types the user's own types of handler, by the name that configuration calls them.
/// \return the exit code.
[[nodiscard]] int run_program(int argc, char** argv, StoreOpener open_store,
                              handlers::HandlerTypes handler_types = {});

}  // namespace couponhook::server
