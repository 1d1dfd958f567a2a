#pragma once

/// \file
/// Rows of text whose fields are separated by commas, semicolons or tabs.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::wechatpay {

struct RowRules {
  char separator = ',';
  /// What is beyond so many fields belongs to the last one, separators and all, unless that is
  /// quoted; 0: no limit.
  std::size_t fields_max = 0;
  std::size_t bytes_max = 64 * 1024;
  /// Lines that a quoted field may make one row of. A quote that is never closed costs no more than
  /// its own line.
  std::size_t lines_max = 200;
};

enum class RowFault : std::uint8_t { kNone, kQuoteOpen };

struct SeparatedRow {
  std::vector<std::string> fields;  ///< without the quotes of RFC 4180
  std::size_t bytes = 0;            ///< of the text, with the line end
  std::size_t lines = 1;            ///< likewise
  RowFault fault = RowFault::kNone;
};

/// \return the bytes of the line end at a place, 0 where there is none; nothing where it is a
/// carriage
///   return behind which a line feed may follow.
[[nodiscard]] std::optional<std::size_t> line_end_at(std::string_view text, std::size_t at,
                                                     bool is_last);

/// Reads the row that `text` begins with: RFC 4180, with line ends of \n, \r\n or \r, and a quote
/// within a quoted field where no separator or line end follows it. Where a quote is not closed,
/// the row is the first line. \param is_last whether nothing follows `text`. \return nothing where
/// the row may go on behind `text`.
[[nodiscard]] std::optional<SeparatedRow> read_row(std::string_view text, bool is_last,
                                                   const RowRules& rules);

}  // namespace couponhook::wechatpay
