#pragma once

/// \file
/// Percent-encoding (RFC 3986, section 2.1).

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Returns true for RFC 3986's unreserved characters: letters, digits and "-._~".
[[nodiscard]] bool is_unreserved(char c);

/// Encodes everything but unreserved characters, so that the text is fit for a path segment and for
/// a query value alike.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// \return nothing if a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace couponhook::base
