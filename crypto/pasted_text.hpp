#pragma once

/// \file
/// Keys, ids and tokens as people paste them: what surrounds them without being seen, and
/// characters that only look like those that are meant.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::crypto {

/// In UTF-8; editors and spreadsheets put it in front of a file.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A character at the beginning of a text.
struct PastedChar {
  std::size_t size = 0;               ///< in bytes; 0 at the end of the text
  std::optional<std::uint32_t> code;  ///< nothing where the bytes are no UTF-8

  [[nodiscard]] bool is_visible_ascii() const { return code && *code > 0x20 && *code < 0x7F; }
  [[nodiscard]] bool is_one_of(std::string_view ascii) const;
  /// White space of any kind, and what takes no room at all: zero-width characters, byte order
  /// marks, direction marks, soft hyphens.
  [[nodiscard]] bool is_blank() const;
  /// "a zero-width space (U+200B)", "a tab", "\"é\" (U+00E9)": to be told of, so never for the
  /// visible characters of a secret.
  [[nodiscard]] std::string name() const;
};
[[nodiscard]] PastedChar first_char(std::string_view text);

/// Whether a text begins as UTF-16 files do.
[[nodiscard]] bool looks_like_utf16(std::string_view text);

/// \return the text without blanks (PastedChar::is_blank) at both ends.
[[nodiscard]] std::string_view strip_blanks(std::string_view text);

/// \return the text without blanks and quotes of any kind at both ends, full-width characters
///   replaced by the ASCII ones that they show, and without characters that take no room.
[[nodiscard]] std::string clean_pasted(std::string_view text);

/// Whether the first and last characters are quotes of any kind.
[[nodiscard]] bool stands_in_quotes(std::string_view text);

/// \return the name of the first character that is not visible ASCII ("a tab", "a no-break space
///   (U+00A0)", "a character outside of ASCII (U+00E9)"), which no id, key or token has; nothing
///   where there is none.
[[nodiscard]] std::optional<std::string> find_odd_char(std::string_view text);

}  // namespace couponhook::crypto
