#pragma once

/// \file
/// Pure functions for the syntax of HTTP tokens, hosts, lists and lines (RFC 9110, RFC 9112, RFC
/// 3986).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Removes spaces and tabs from both ends. \return the text without them.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

/// Returns true if the text is a token (RFC 9110, section 5.6.2), the syntax of method and header
/// names.
[[nodiscard]] bool is_token(std::string_view text);

/// Returns true if the text is a host with an optional port, the syntax of the Host header:
/// uri-host [ ":" port ]. User information ("user@") is refused. An empty host is accepted: a
/// client sends an empty one if its URL has no host.
[[nodiscard]] bool is_host_and_port(std::string_view text);

/// Calls `visit` with each part of a text between separators, without the blanks at the part's
/// ends. Empty parts are visited too. Quotes do not protect a separator.
template <typename Visit>
void for_each_part(std::string_view text, char separator, const Visit& visit) {
  while (true) {
    const std::size_t end = text.find(separator);
    visit(trim_blanks(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// Calls `see` with each element of a comma-separated list, without the spaces around the element.
/// Empty elements are skipped (RFC 9110, section 5.6.1.2).
template <typename See>
void for_each_element(std::string_view list, See see) {
  for_each_part(list, ',', [&](std::string_view element) {
    if (!element.empty()) see(element);
  });
}

enum class LineStatus : std::uint8_t {
  kMore,     ///< all given bytes were taken, but the line has not ended yet
  kLine,     ///< the line is complete, including its CR LF
  kBad,      ///< the line has a bare CR or LF, or another control character
  kTooLong,  ///< the line is longer than `most` bytes
};

/// Moves the bytes of one line of an HTTP message from the front of `bytes` to the end of `text`.
/// An invalid line is refused at its first invalid byte, so that the caller need not wait for the
/// line's end. The result does not depend on how the bytes are split into pieces.
/// \param begin position in `text` at which the line begins.
/// \param most the longest line to accept, in bytes, including CR LF.
/// \return the state of the line: incomplete, complete, invalid or too long.
[[nodiscard]] LineStatus take_line(std::string_view& bytes, std::string& text, std::size_t begin,
                                   std::size_t most);

}  // namespace couponhook::server
