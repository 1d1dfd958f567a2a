#pragma once

/// \file
/// Writes the effective configuration as TOML and as JSON, without secrets.

#include <string>
#include <string_view>

#include "server/config/settings.hpp"

namespace couponhook::server {

/// Text that is written in place of a secret.
inline constexpr std::string_view kHiddenSecret = "(set)";

/// Returns a text of the configuration without its secrets: the password of a URL (with http and
/// https the whole user information and the values of the query string, with other schemes query
/// parameters such as `password`), and the value of `NAME=VALUE` where NAME is the name of a
/// secret.
[[nodiscard]] std::string without_secrets(std::string_view text);

/// Returns the settings as TOML. `check` accepts the text, except where a secret was hidden. A
/// comment after each value says whether it is a default or comes from the file or the environment.
[[nodiscard]] std::string settings_as_toml(const Setting& settings);

/// Returns the settings as a JSON object of the same form as the TOML file.
[[nodiscard]] std::string settings_as_json(const Setting& settings);

}  // namespace couponhook::server
