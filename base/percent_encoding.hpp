#pragma once

/// \file
/// Percent-encoding of text for URLs (RFC 3986, section 2.1).

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Returns true for RFC 3986's unreserved characters: letters, digits and "-._~".
[[nodiscard]] bool is_unreserved(char c);

/// Percent-encodes all characters except unreserved ones, so that the result can be used both as a
/// path segment and as a query value of a URL.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Decodes a percent-encoded text.
/// \return the decoded text; nothing if a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace couponhook::base
