#include "base/excerpt.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/utf8.hpp"

namespace couponhook::base {
namespace {

constexpr std::string_view kCut = "...";
constexpr std::string_view kBetweenLines = " | ";

/// One UTF-8 character, or one byte that is not part of a valid UTF-8 character.
struct Character {
  std::size_t bytes = 1;
  char32_t code = 0;
  bool is_valid = false;
};

/// Decodes the first UTF-8 character of a text that is not empty (RFC 3629, section 4).
Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  auto code = static_cast<char32_t>(lead & (0x7F >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  const bool too_long = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (too_long || is_surrogate || code > 0x10FFFF) return {};
  return {bytes, code, true};
}

/// Returns true for characters that move the cursor of a terminal, change the text direction, or
/// are invisible.
bool is_unprintable(char32_t code) {
  const auto is_in = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  return code <= 0x20 || is_in(0x7F, 0xA0) || is_in(0x200B, 0x200F) || is_in(0x2028, 0x202F) ||
         is_in(0x2060, 0x206F) || code == 0xFEFF || code >= 0xE0000;
}

/// Returns a copy of a text on one line, in which each run of invisible and control characters is
/// replaced by one blank, and each invalid byte by U+FFFD. The length of the copy has no limit.
std::string printable(std::string_view text) {
  std::string line;
  bool blank = false;
  while (!text.empty()) {
    const Character next = first_character(text);
    if (next.is_valid && is_unprintable(next.code)) {
      blank = !line.empty();
    } else {
      if (blank) line.push_back(' ');
      blank = false;
      line.append(next.is_valid ? text.substr(0, next.bytes) : kReplacementCharacter);
    }
    text.remove_prefix(next.bytes);
  }
  return line;
}

bool is_inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

/// Returns the last part of a printable text, at most `bytes_max` bytes long. The part does not
/// begin in the middle of a UTF-8 character.
std::string end_of(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t from = text.size() - bytes_max + std::min(kCut.size(), bytes_max);
  while (is_inside_character(text, from)) ++from;
  return std::string(kCut).append(text, from);
}

}  // namespace

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  // Read only the beginning of the input text, which may be very long. A UTF-8 character has at
  // most 4 bytes, so 4 * bytes_max bytes contain at least bytes_max characters.
  const bool cut = text.size() > 4 * bytes_max;
  std::string line = printable(text.substr(0, 4 * bytes_max));
  if (!cut && line.size() <= bytes_max) return line;
  std::size_t size = std::min(line.size(), bytes_max - std::min(kCut.size(), bytes_max));
  while (is_inside_character(line, size)) --size;
  line.resize(size);
  return line.append(kCut);
}

std::string last_lines(std::string_view text, std::size_t bytes_max) {
  std::vector<std::string> lines;
  std::size_t size = 0;
  while (!text.empty() && size < bytes_max) {
    const std::size_t before = text.find_last_of("\r\n");
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    std::string line = printable(text.substr(begin));
    text = text.substr(0, begin == 0 ? 0 : before);
    if (line.empty()) continue;
    const std::size_t between = lines.empty() ? 0 : kBetweenLines.size();
    const bool fits = size + between + line.size() <= bytes_max;
    // Show at least one line. If the last line alone is longer than `bytes_max`, its end is shown.
    if (!fits && !lines.empty()) break;
    line = end_of(line, bytes_max);
    size += between + line.size();
    lines.push_back(std::move(line));
  }
  std::string joined;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!joined.empty()) joined.append(kBetweenLines);
    joined.append(*line);
  }
  return joined;
}

}  // namespace couponhook::base
