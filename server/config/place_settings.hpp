#pragma once

/// \file
/// Completes the settings that `config show` prints.

#include "server/config/config.hpp"

namespace couponhook::server {

/// Completes the settings by what the whole configuration decides: default folders, and the paths
/// to which relative paths lead.
void place_settings(const Config& config, Setting& settings);

}  // namespace couponhook::server
