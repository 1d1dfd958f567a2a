#pragma once

/// \file
/// Checks and decodes UTF-8.

#include <cstddef>
#include <optional>
#include <string_view>

namespace couponhook::base {

/// Returns true if `text` is valid UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing
/// above U+10FFFF. UTF-8 is checked before the JSON parser runs, because RapidJSON would check byte
/// by byte, which costs more than parsing. This function checks ASCII, to which most bytes of a
/// notification belong, eight bytes at a time.
[[nodiscard]] bool is_utf8(std::string_view text);

/// U+FFFD, the replacement character, in UTF-8. It is written in place of bytes that are not valid
/// UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Returns the length in bytes (1 to 4) of the UTF-8 character at the beginning of `text`; 0 if the
/// text does not begin with a valid UTF-8 character.
[[nodiscard]] std::size_t utf8_character_size(std::string_view text);

/// The first character of a text.
struct Utf8Character {
  std::size_t bytes = 1;         ///< length in bytes; 1 for a byte that is not valid UTF-8
  std::optional<char32_t> code;  ///< Unicode code point; nothing for a byte that is not valid UTF-8
};
/// Decodes the first character of a text that is not empty.
[[nodiscard]] Utf8Character first_utf8_character(std::string_view text);

}  // namespace couponhook::base
