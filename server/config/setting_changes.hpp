#pragma once

/// \file
/// Finds out which keys of the configuration a reload has changed, and which of them a reload puts
/// into use.

#include <string>
#include <string_view>
#include <vector>

#include "server/config/settings.hpp"

namespace couponhook::server {

/// Compares the keys of two configurations.
/// \return the names of the keys whose values differ, such as "listener.port" or
///   "merchant[2].path", without their values; empty if one of the two was not read.
[[nodiscard]] std::vector<std::string> changed_keys(const Setting& before, const Setting& after);

/// Returns true if a reload puts a changed key into use; false if the key needs a restart.
/// \param key a name as changed_keys() returns it.
[[nodiscard]] bool is_reloaded(std::string_view key);

}  // namespace couponhook::server
