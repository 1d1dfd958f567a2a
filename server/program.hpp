#pragma once

/// \file
/// Runs the couponhook program: process-wide settings, then the command line.

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// Runs the command line with the real clock, random numbers, environment variables and standard
/// streams. Prints unexpected errors on standard error.
/// \param open_store function that opens the store of the service.
/// \param handler_types handler types of the user's own program; the keys are the names that the
///   configuration uses for these types.
/// \return the exit code of the process.
[[nodiscard]] int run_program(int argc, char** argv, StoreOpener open_store,
                              handlers::HandlerTypes handler_types = {});

}  // namespace couponhook::server
