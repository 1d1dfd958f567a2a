#include "base/excerpt.hpp"

#include <algorithm>
#include <vector>

#include "base/printable.hpp"

namespace couponhook::base {
namespace {

constexpr std::string_view kCut = "...";
constexpr std::string_view kBetweenLines = " | ";

/// Returns a printable copy of a text, with one blank for each run of blanks, and none at the ends.
std::string printable_line(std::string_view text) {
  std::string line;
  bool blank = false;
  for (const char c : printable(text)) {
    if (c == ' ') {
      blank = !line.empty();
    } else {
      if (blank) line.push_back(' ');
      blank = false;
      line.push_back(c);
    }
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
  std::string line = printable_line(text.substr(0, 4 * bytes_max));
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
    std::string line = printable_line(text.substr(begin));
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
