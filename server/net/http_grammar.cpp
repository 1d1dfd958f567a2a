#include "server/net/http_grammar.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/byte_words.hpp"
#include "base/ip_address.hpp"

namespace couponhook::server {
namespace {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,
  kHostCharacter = 2,  ///< characters of a host name; '%' begins a percent-encoded byte in the name
  /// Control characters: codes below that of the space, except the tab, and DEL.
  kControl = 4,
};

constexpr std::array<std::uint8_t, 256> character_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](std::string_view characters, CharacterClass which) {
    for (const char c : characters) classes[static_cast<unsigned char>(c)] |= which;
  };
  constexpr std::string_view kAlphanumeric =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  mark(kAlphanumeric, kTokenCharacter);
  mark("!#$%&'*+-.^_`|~", kTokenCharacter);
  mark(kAlphanumeric, kHostCharacter);
  mark("-._~!$&'()*+,;=%", kHostCharacter);
  for (unsigned c = 0; c < ' '; ++c) {
    if (c != '\t') classes[c] |= kControl;
  }
  classes[0x7F] |= kControl;
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = character_classes();

bool is(char c, CharacterClass which) {
  return (kClasses[static_cast<unsigned char>(c)] & which) != 0;
}

bool is_registered_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is(text[i], kHostCharacter)) return false;
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || !base::is_hex_digit(text[i + 1]) ||
        !base::is_hex_digit(text[i + 2])) {
      return false;
    }
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && base::IpAddress::parse(text).has_value();
}

/// Returns true if a piece of a line has no control characters, except tabs and the CR LF at the
/// end of the line.
/// \param piece has an LF at most as its last byte.
/// \param after_cr true if the part of the line before this piece ends with CR.
bool is_line_piece(std::string_view piece, bool after_cr) {
  if (after_cr) return piece == "\n";
  for (const std::string_view line_end : {"\r\n", "\r"}) {
    if (!piece.ends_with(line_end)) continue;
    piece.remove_suffix(line_end.size());
    break;
  }
  // Most lines have no control character and no tab, which a look at eight bytes at once shows.
  piece.remove_prefix(base::unmarked_size(piece, [](std::uint64_t word) {
    return base::mark_below(word, ' ') | base::mark_equal(word, 0x7F);
  }));
  return std::ranges::none_of(piece, [](char c) { return is(c, kControl); });
}

}  // namespace

std::string_view trim_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is(c, kTokenCharacter); });
}

bool is_host_and_port(std::string_view text) {
  std::size_t host_end = 0;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || !is_ipv6(text.substr(1, bracket - 1))) return false;
    host_end = bracket + 1;
  } else {
    host_end = std::min(text.find(':'), text.size());
    if (!is_registered_name(text.substr(0, host_end))) return false;
  }
  const std::string_view port = text.substr(host_end);
  return port.empty() ||
         (port.front() == ':' && std::ranges::all_of(port.substr(1), base::is_digit));
}

LineStatus take_line(std::string_view& bytes, std::string& text, std::size_t begin,
                     std::size_t most) {
  const std::size_t room = most - (text.size() - begin);
  const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
  // Checks one byte more than the longest allowed line. Otherwise an invalid byte just behind the
  // limit would be reported as kBad or as kTooLong, depending on how the bytes are split into
  // pieces.
  const std::string_view piece = bytes.substr(0, std::min(end, room + 1));
  const bool after_cr = text.size() > begin && text.back() == '\r';
  if (!is_line_piece(piece, after_cr)) return LineStatus::kBad;
  if (piece.size() > room) return LineStatus::kTooLong;
  text += piece;
  bytes.remove_prefix(piece.size());
  return piece.ends_with('\n') ? LineStatus::kLine : LineStatus::kMore;
}

}  // namespace couponhook::server
