#pragma once

/// \file
/// Limit of open files and sockets of this process.

#include <string>

#include "server/config/config.hpp"

namespace couponhook::server {

/// Raises the limit of open files to the hard limit, which needs no privileges. Many systems start
/// programs with a limit of 1024.
/// \return a warning with the solution when the limit is still too low for the configured
///   connections; else empty.
[[nodiscard]] std::string raise_open_file_limit(const Config& config);

}  // namespace couponhook::server
