#pragma once

/// \file
/// Writes the JSON schema of the configuration file, for editors and for checks in a pipeline.

#include <string>

#include "server/config/settings.hpp"

namespace couponhook::server {

/// Returns a JSON schema (draft 2020-12) of the configuration file. No key is required, because
/// each key may come from the environment instead. A number and a boolean may be a string with
/// ${NAME}, and a list too.
/// \param description result of describe_config().
[[nodiscard]] std::string config_schema(const Setting& description);

}  // namespace couponhook::server
