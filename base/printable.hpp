#pragma once

/// \file
/// Makes text from untrusted sources safe to show on a terminal, in a log and on a web page.

#include <string>
#include <string_view>

namespace couponhook::base {

/// Returns a copy of a text on one line. A blank replaces each character that moves the cursor,
/// changes the text direction, or is invisible; U+FFFD replaces each byte that is not valid UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace couponhook::base
