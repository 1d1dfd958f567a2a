#pragma once

/// \file
/// The small rules of HTTP that requests are checked by (RFC 9110, RFC 9112, RFC 3986). Pure
/// functions.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::server {

/// ASCII only, as the names of HTTP are.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_ignoring_case(std::string_view text, std::string_view prefix);

[[nodiscard]] bool is_digit(char c);
[[nodiscard]] bool is_hex_digit(char c);

/// \return the text without blanks and tabs at both ends.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

/// A method's or field's name: token of RFC 9110, section 5.6.2.
[[nodiscard]] bool is_token(std::string_view text);

/// A host with an optional port, as in Host: uri-host [ ":" port ]. No user information. An empty
/// host is one too: a client sends it where its URL has none.
[[nodiscard]] bool is_host_and_port(std::string_view text);

/// Calls `see` with each element of a comma-separated list, trimmed; empty ones are left out
/// (RFC 9110, section 5.6.1.2).
template <typename See>
void for_each_element(std::string_view list, See see) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_blanks(list.substr(0, comma));
    if (!element.empty()) see(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

enum class LineStatus : std::uint8_t {
  kMore,     ///< all bytes are taken and the line has not ended
  kLine,     ///< a whole line, with its CR LF
  kBad,      ///< a bare CR or LF, or another control character
  kTooLong,  ///< more than `most` bytes
};

/// Moves bytes of a line from the front of `bytes` to the end of `text`. A line that will never be
/// right is told at its first wrong byte, whatever pieces it comes in, so that nobody waits for its
/// end.
/// \param begin where the line begins in `text`.
/// \param most bytes of the line, CR LF included.
[[nodiscard]] LineStatus take_line(std::string_view& bytes, std::string& text, std::size_t begin,
                                   std::size_t most);

}  // namespace couponhook::server
