#include "server/commands/table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/printable.hpp"
#include "base/utf8.hpp"

namespace couponhook::server {
namespace {

using Range = std::pair<char32_t, char32_t>;

// Ranges of characters that take two columns on a terminal. Source: Unicode 15, EastAsianWidth.txt
// (classes W and F) and characters that are shown as emoji, in whole blocks.
constexpr std::array<Range, 21> kWide{{
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1FAFF},
    {0x20000, 0x3FFFD},
}};
// Ranges of characters that take no column on a terminal: combining marks, joiners and variation
// selectors.
constexpr std::array<Range, 12> kNoWidth{{
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x0591, 0x05BD},
    {0x0610, 0x061A},
    {0x064B, 0x065F},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x200B, 0x200F},
    {0x20D0, 0x20F0},
    {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F},
    {0xE0100, 0xE01EF},
}};

template <std::size_t size>
bool holds(const std::array<Range, size>& ranges, char32_t c) {
  return std::ranges::any_of(
      ranges, [c](const Range& range) { return range.first <= c && c <= range.second; });
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [bytes, code] = base::first_utf8_character(text);
    text.remove_prefix(bytes);
    if (!code || !holds(kNoWidth, *code)) ++width;
    if (code && holds(kWide, *code)) ++width;
  }
  return width;
}

void Table::add(std::initializer_list<std::string_view> cells) {
  std::vector<std::string> row;
  row.reserve(cells.size());
  for (const std::string_view cell : cells) row.push_back(base::printable(cell));
  rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out) const {
  constexpr std::size_t kApart = 2;
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      // Write no blanks after the last cell of a row, nor in place of empty cells at its end,
      // because they would only lengthen the line.
      if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + kApart, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

}  // namespace couponhook::server
