#pragma once

/// \file
/// Bounded, printable pieces of text that strangers wrote.

#include <cstddef>
#include <string>
#include <string_view>

namespace couponhook::base {

/// The beginning of a text, as one line that may be shown on a terminal, in JSON and in a page:
/// valid UTF-8, without control characters and direction marks, each run of white space one blank.
/// \param bytes_max of the result, the "..." of a cut included.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t bytes_max);

/// The last lines of a text that fit, made printable in the same way and joined by " | ".
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t bytes_max);

}  // namespace couponhook::base
