#pragma once

/// \file
/// Cleans keys, ids and tokens that people paste into a file, and names the characters that are
/// wrong in them: invisible characters, quotes, and full-width characters that look like ASCII.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::crypto {

/// UTF-8 byte order mark. Editors and spreadsheets write this mark at the beginning of a file.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// One character at the beginning of a pasted text, as first_char() decodes it.
struct PastedChar {
  std::size_t size = 0;  ///< length of the pasted character in bytes; 0 if the text is empty
  /// Unicode code point of the pasted character; nothing if the bytes are not UTF-8
  std::optional<std::uint32_t> code;

  [[nodiscard]] bool is_visible_ascii() const { return code && *code > 0x20 && *code < 0x7F; }
  [[nodiscard]] bool is_one_of(std::string_view ascii) const;
  /// Returns true if this character is white space of any kind or has no width on the screen:
  /// zero-width characters, byte order marks, direction marks, soft hyphens.
  [[nodiscard]] bool is_blank() const;
  /// Returns a readable name of this character for error messages, such as "a zero-width space
  /// (U+200B)" or "a tab". The name of a visible ASCII character is the character itself. So never
  /// call this function for the visible characters of a secret, because the error message would
  /// then show the secret.
  [[nodiscard]] std::string name() const;
};
/// Decodes the first character of a UTF-8 text.
[[nodiscard]] PastedChar first_char(std::string_view text);

/// Returns true if a text begins like a UTF-16 file: with a UTF-16 byte order mark, or with two
/// bytes of which exactly one is zero.
[[nodiscard]] bool looks_like_utf16(std::string_view text);

/// Returns `text` without the white space and the invisible characters (PastedChar::is_blank()) at
/// its beginning and end.
[[nodiscard]] std::string_view strip_blanks(std::string_view text);

/// Returns a cleaned copy of `text`. Blanks and quotes at the beginning and end are removed,
/// full-width characters are replaced by the ASCII characters that they look like, and characters
/// that have no width on the screen are removed.
[[nodiscard]] std::string clean_pasted(std::string_view text);

/// Returns true if the text begins and ends with a quote of any kind.
[[nodiscard]] bool stands_in_quotes(std::string_view text);

/// Returns the name (PastedChar::name()) of the first character of `text` that is not visible
/// ASCII, such as "a tab" or "a no-break space (U+00A0)"; nothing if every character is visible
/// ASCII. Valid ids, keys and tokens contain only visible ASCII characters.
[[nodiscard]] std::optional<std::string> find_unusual_char(std::string_view text);

}  // namespace couponhook::crypto
