#pragma once

/// \file
/// Text from outside, as it may be written to a terminal.

#include <algorithm>
#include <string>
#include <string_view>

namespace couponhook::server {

/// \return the text with a question mark for each control character: what a sender wrote must not
///   move a terminal's cursor or end a line.
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace couponhook::server
