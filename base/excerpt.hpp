#pragma once

/// \file
/// Makes short excerpts of text from untrusted sources that can be shown safely in logs and web
/// pages.

#include <cstddef>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Returns the beginning of a text as one line that is safe on a terminal, in JSON and on a web
/// page: valid UTF-8, no control characters, no marks that change the text direction, and one blank
/// for each run of white space.
/// \param bytes_max limit for the length of the result in bytes, including the "..." at the end
///   that shows that the text was cut.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t bytes_max);

/// Returns the last lines of a text, as many as together fit into `bytes_max` bytes, joined by " |
/// ". Control characters and invalid bytes are replaced in the same way as by excerpt().
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t bytes_max);

}  // namespace couponhook::base
