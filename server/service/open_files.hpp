#pragma once

/// \file
/// How many files and sockets this process may have open.

#include <string>

#include "server/config/config.hpp"

namespace couponhook::server {

/// Raises the limit as far as an ordinary user may: many systems start programs with 1024.
/// \return what to do where that is too few for the connections that are configured; else empty.
[[nodiscard]] std::string why_too_few_files(const Config& config);

}  // namespace couponhook::server
