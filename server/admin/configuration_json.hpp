#pragma once

/// \file
/// JSON of the effective configuration without secrets, for GET /configuration.

#include <filesystem>
#include <string>

#include "server/config/environment.hpp"

namespace couponhook::server {

/// Reads the configuration file again, and returns what `couponhook config show --json` prints, the
/// path of the file, and the problems for which the service would refuse the file as it is now.
/// May block for the time of reading the file. Thread-safe.
[[nodiscard]] std::string configuration_json(const std::filesystem::path& file,
                                             const Environment& environment);

}  // namespace couponhook::server
