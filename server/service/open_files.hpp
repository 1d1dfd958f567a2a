#pragma once

/// \file
/// Raises this process's limit of open files and sockets.

#include <string>

#include "server/config/config.hpp"

namespace couponhook::server {

/// Raises this process's limit of open files to the hard limit of the operating system. This needs
/// no privileges. Many systems start programs with a limit of only 1024.
/// \return an empty text if the limit is now high enough for the configured number of connections;
///   otherwise a warning that says how to raise the limit.
[[nodiscard]] std::string raise_open_file_limit(const Config& config);

}  // namespace couponhook::server
