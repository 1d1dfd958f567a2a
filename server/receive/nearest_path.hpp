#pragma once

/// \file
/// Finds the configured notification path that a mistyped path most likely means.

#include <string>
#include <string_view>

#include "server/receive/merchants.hpp"

namespace couponhook::server {

/// Returns the path of the merchant that a request to an unknown path most likely means: a path
/// that contains the merchant's number, or that differs in few characters. Thread-safe. Takes time
/// in proportion to the number of merchants and the lengths of the paths, so call it only for
/// requests that are logged.
/// \return the path; empty if no configured path is similar, or if `path` is longer than 256 bytes.
[[nodiscard]] std::string nearest_path(const Merchants& merchants, std::string_view path);

}  // namespace couponhook::server
