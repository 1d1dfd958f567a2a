#pragma once

/// \file
/// Parses rows of separated values (CSV) whose separator is a comma, semicolon, tab or another
/// character.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::wechatpay {

struct RowRules {
  char separator = ',';
  /// Maximum number of fields in a row. All text after that many fields becomes part of the last
  /// field, separators included, unless the last field is quoted. 0: no limit.
  std::size_t fields_max = 0;
  std::size_t bytes_max = 64 * 1024;
  /// Maximum number of lines that a quoted field may span. Because of this limit, a quote that is
  /// not closed spoils only its own line and not the rest of the file.
  std::size_t lines_max = 200;
};

enum class RowFault : std::uint8_t { kNone, kQuoteOpen };

struct SeparatedRow {
  std::vector<std::string> fields;  ///< fields of the row, without the quotes of RFC 4180
  std::size_t bytes = 0;            ///< size of the row in bytes, line end included
  std::size_t lines = 1;            ///< number of lines that the row spans
  RowFault fault = RowFault::kNone;
};

/// Checks whether a line ends at the offset `at`.
/// \param is_last true if no more text follows `text`.
/// \return the length of the line end in bytes, 0 if no line ends there. Nothing if the text ends
///   with a carriage return that a line feed may follow.
[[nodiscard]] std::optional<std::size_t> line_end_at(std::string_view text, std::size_t at,
                                                     bool is_last);

/// Parses the first row of `text` by RFC 4180, with two extensions: line ends may be \n, \r\n or
/// \r, and a quote inside a quoted field is kept if no separator or line end follows it. If a quote
/// is not closed, the row is only the first line.
/// \param is_last true if no more text follows `text`.
/// \return the row; nothing if the row may continue after `text`.
[[nodiscard]] std::optional<SeparatedRow> read_row(std::string_view text, bool is_last,
                                                   const RowRules& rules);

}  // namespace couponhook::wechatpay
