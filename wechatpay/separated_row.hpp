#pragma once

/// \file
/// Parses rows of separated values (CSV). The separator can be a comma, a semicolon, a tab or
/// another character.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::wechatpay {

struct RowRules {
  char separator = ',';
  /// Maximum number of fields in a row of separated values; 0: no limit. All text after the
  /// beginning of the last allowed field belongs to that field, separators included, unless the
  /// field is quoted.
  std::size_t fields_max = 0;
  std::size_t bytes_max = 64 * 1024;
  /// Maximum number of lines that a quoted field may have. With this limit, a quote that is not
  /// closed makes only its own line invalid, and not the rest of the file.
  std::size_t lines_max = 200;
};

enum class RowFault : std::uint8_t { kNone, kQuoteOpen };

struct SeparatedRow {
  std::vector<std::string> fields;  ///< fields of the row, without quotes (as in RFC 4180)
  std::size_t bytes = 0;            ///< size of the row in bytes, with its line end
  /// Number of lines that the row has; more than one if a quoted field has line ends.
  std::size_t lines = 1;
  RowFault fault = RowFault::kNone;
};

/// Checks whether a line of the text ends at the offset `at`.
/// \param is_last true if no more text follows `text`.
/// \return the length of the line end in bytes; 0 if no line ends there. Nothing if the text ends
///   with a carriage return: the line feed that belongs to it may still follow.
[[nodiscard]] std::optional<std::size_t> line_end_at(std::string_view text, std::size_t at,
                                                     bool is_last);

/// Parses the first row of `text` by RFC 4180 (CSV), with two extensions. A line end may be \n,
/// \r\n or \r. A quote inside a quoted field is kept as part of the field if no separator or line
/// end follows it. If a quote is not closed, the row is only the first line.
/// \param is_last true if no more text follows `text`.
/// \return the row; nothing if the row may continue after `text`.
[[nodiscard]] std::optional<SeparatedRow> read_row(std::string_view text, bool is_last,
                                                   const RowRules& rules);

}  // namespace couponhook::wechatpay
