#pragma once

/// \file
/// Whether bytes are UTF-8.

#include <cstddef>
#include <string_view>

namespace couponhook::base {

/// RFC 3629, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. A step of its own
/// because RapidJSON validates byte by byte while it parses, which costs more than the parse
/// itself; nearly all of a notification is ASCII and passes here eight bytes at a time.
[[nodiscard]] bool is_utf8(std::string_view text);

/// U+FFFD, which stands for bytes that are no text.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// \return the bytes of the character that `text` begins with, 1 to 4; 0 where it begins with none.
[[nodiscard]] std::size_t utf8_character_size(std::string_view text);

}  // namespace couponhook::base
