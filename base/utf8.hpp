#pragma once

/// \file
/// Checks and decodes UTF-8.

#include <cstddef>
#include <optional>
#include <string_view>

namespace couponhook::base {

/// Returns true if `text` is valid UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing
/// above U+10FFFF. This check is a separate step before parsing JSON, because RapidJSON would
/// validate byte by byte during the parse, which costs more than the parse itself. Most bytes of a
/// notification are ASCII, and this function checks ASCII eight bytes at a time.
[[nodiscard]] bool is_utf8(std::string_view text);

/// U+FFFD, the replacement character, in UTF-8. It stands in place of bytes that are not valid
/// text.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// \return the length in bytes (1 to 4) of the UTF-8 character at the beginning of `text`; 0 if the
///   text does not begin with a valid UTF-8 character.
[[nodiscard]] std::size_t utf8_character_size(std::string_view text);

/// The first character of a text.
struct Utf8Character {
  std::size_t bytes = 1;         ///< length in bytes; 1 for a byte that is not valid UTF-8
  std::optional<char32_t> code;  ///< Unicode code point; nothing for a byte that is not valid UTF-8
};
/// Decodes the first character of a text that is not empty.
[[nodiscard]] Utf8Character first_utf8_character(std::string_view text);

}  // namespace couponhook::base
