#pragma once

/// \file
/// Parses rows of separated values (CSV) with comma, semicolon, tab or another separator.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::wechatpay {

struct RowRules {
  char separator = ',';
  /// Maximum number of fields. Text beyond the last allowed field is part of that field, separators
  /// included, unless that field is quoted. 0: no limit.
  std::size_t fields_max = 0;
  std::size_t bytes_max = 64 * 1024;
  /// Maximum number of lines that a quoted field may span. With this limit, an unclosed quote costs
  /// only its own line.
  std::size_t lines_max = 200;
};

enum class RowFault : std::uint8_t { kNone, kQuoteOpen };

struct SeparatedRow {
  std::vector<std::string> fields;  ///< without the quotes of RFC 4180
  std::size_t bytes = 0;            ///< size of the row in bytes, line end included
  std::size_t lines = 1;            ///< number of lines of the row
  RowFault fault = RowFault::kNone;
};

/// Finds a line end at the offset `at`.
/// \param is_last true if no more text follows.
/// \return the length of the line end in bytes, 0 if there is none; nothing if the text ends with a
///   carriage return that a line feed may follow.
[[nodiscard]] std::optional<std::size_t> line_end_at(std::string_view text, std::size_t at,
                                                     bool is_last);

/// Reads the first row of `text`, by RFC 4180 with two extensions: line ends may be \n, \r\n or \r,
/// and a quote inside a quoted field is kept if no separator or line end follows it. If a quote is
/// not closed, the row is only the first line.
/// \param is_last true if no more text follows.
/// \return nothing if the row may continue after `text`.
[[nodiscard]] std::optional<SeparatedRow> read_row(std::string_view text, bool is_last,
                                                   const RowRules& rules);

}  // namespace couponhook::wechatpay
