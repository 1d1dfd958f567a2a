#pragma once

/// \file
/// Makes text from outside safe to print on a terminal.

#include <algorithm>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Returns the text with a question mark in place of each control character. A text that somebody
/// else wrote must not move the cursor or end a line.
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace couponhook::server
