#pragma once

/// \file
/// Decodes text that a log or a string filter escaped with backslashes.

#include <string>
#include <string_view>

namespace couponhook::server {

/// Decodes the escapes \xHH, \", \', \\ and \/ in one pass, as nginx writes them in logs and PHP's
/// addslashes() in strings. Other backslashes stay as they are.
[[nodiscard]] std::string remove_backslashes(std::string_view text);

}  // namespace couponhook::server
