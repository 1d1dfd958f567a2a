#pragma once

/// \file
/// The program: process-wide settings, then the command line.

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// Runs the command line with the real clock, randomness, environment and standard streams. Prints
/// unexpected errors on standard error.
/// \param open_store opens the store of the service.
/// \param handler_types handler types of the user's own program, by the name that the configuration
///   uses for them.
/// \return the exit code.
[[nodiscard]] int run_program(int argc, char** argv, StoreOpener open_store,
                              handlers::HandlerTypes handler_types = {});

}  // namespace couponhook::server
