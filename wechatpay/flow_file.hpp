#pragma once

/// \file
/// Reading a flow file as it comes in, row by row, whatever its size.
///
/// The form is that of WeChat Pay's bills: a header line, rows whose fields begin with a backtick
/// so that no spreadsheet takes them for numbers, then a summary header and one summary row. There
/// may be a byte order mark, quotes, and columns that nobody has told of. A spreadsheet that saved
/// the file may have changed its encoding (flow_text.hpp), separator, line ends and marks: that is
/// read. What it changed in an identifier or a time is lost: such a row is malformed. Source:
/// wechatpay-protocol section 5.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wechatpay/flow_columns.hpp"
#include "wechatpay/flow_text.hpp"
#include "wechatpay/separated_row.hpp"

namespace couponhook::wechatpay {

struct FlowLimits {
  std::size_t line_bytes_max = 64 * 1024;  ///< of a row, with the lines that its quotes hold
  std::size_t columns_max = 200;
  std::size_t rows_max = 10'000'000;    ///< as many coupons as a stock can have
  std::size_t problems_kept_max = 100;  ///< the others are only counted
};

/// One redemption or refund, as the file tells it.
struct FlowRecord {
  std::size_t line = 0;  ///< in the file, from 1
  std::string stock_id;  ///< may be empty: the file is of one stock
  std::string coupon_id;
  std::string transaction_id;
  std::string refund_id;  ///< only in refund flows
  std::string time;       ///< "yyyy-MM-dd HH:mm:ss" in Beijing time, or RFC 3339; may be empty
  std::string mchid;
  std::optional<std::int64_t> discount_fen;
  /// The other columns by their names in the header, in its order.
  std::vector<std::pair<std::string, std::string>> other{};
};

/// Why a line, or the whole file (line 0), could not be read. Holds no content but header names.
struct FlowProblem {
  std::size_t line;
  std::size_t column;  ///< from 1, of the first field at fault; 0: the line as a whole
  std::string message;
};
/// "line 3, column 7: …".
[[nodiscard]] std::string to_string(const FlowProblem& problem);

/// Feed it the file in pieces of any size, then finish. A line that is no row is reported and
/// skipped; a file without a usable header fails as a whole.
class FlowParser {
 public:
  FlowParser(FlowKind kind, std::vector<FlowColumnNames> columns, FlowLimits limits = {});

  /// Appends the rows that `bytes` completes.
  /// \return false where the file has failed and nothing more will come; see problems().
  bool feed(std::string_view bytes, std::vector<FlowRecord>& records);
  /// Takes what stands after the last line end for a line.
  bool finish(std::vector<FlowRecord>& records);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Lines that were skipped.
  [[nodiscard]] std::size_t malformed() const { return malformed_; }
  [[nodiscard]] const std::vector<FlowProblem>& problems() const { return problems_; }

 private:
  enum class Part : std::uint8_t { kHeader, kRows, kSummaryRow, kEnd };

  void take_rows(bool is_last, std::vector<FlowRecord>& records);
  [[nodiscard]] std::optional<SeparatedRow> next_row(std::string_view text, bool is_last);
  [[nodiscard]] std::optional<SeparatedRow> first_line(std::string_view text, bool is_last) const;
  [[nodiscard]] std::size_t count_fields(const std::vector<std::string>& fields) const;
  void take(const SeparatedRow& row, std::vector<FlowRecord>& records);
  void take_header(const std::vector<std::string>& fields);
  void take_record(const std::vector<std::string>& fields, std::vector<FlowRecord>& records);
  void take_summary(const std::vector<std::string>& fields);
  void put(FlowRecord& record, std::size_t i, const std::string& field);
  void find_damage(std::size_t i, std::string_view damage);
  void skip(std::string message, std::size_t column = 0);
  void report(std::string message, std::size_t column = 0);
  void fail(std::string message);

  FlowKind kind_;
  std::vector<FlowColumnNames> columns_;
  FlowLimits limits_;
  FlowText text_;
  RowRules rules_;
  bool is_separator_known_ = false;
  Part part_ = Part::kHeader;
  bool failed_ = false;
  bool overlong_ = false;  // the row being fed is too long already: wait for its line's end
  std::string pending_;    // what has been decoded and not been read
  std::size_t line_ = 0;   // of the row being read
  std::size_t lines_ = 0;  // that have been read
  std::size_t rows_ = 0;
  std::size_t malformed_ = 0;
  std::vector<std::string> names_;
  std::vector<std::optional<FlowColumn>> meaning_;
  std::vector<bool> is_required_;
  std::string damage_;  // of the row being read: what is said of its fields
  std::size_t damaged_column_ = 0;
  std::vector<FlowProblem> problems_;
};

/// A whole file at once.
struct FlowFile {
  std::vector<FlowRecord> records;
  std::vector<FlowProblem> problems;
  std::size_t malformed = 0;
  bool failed = false;
};
[[nodiscard]] FlowFile parse_flow_file(FlowKind kind, std::string_view content,
                                       std::vector<FlowColumnNames> columns,
                                       FlowLimits limits = {});

}  // namespace couponhook::wechatpay
