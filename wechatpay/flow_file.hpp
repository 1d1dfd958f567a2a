#pragma once

/// \file
/// Parses a flow file (WeChat Pay's settlement file: a list of redemptions or refunds) as a stream,
/// row by row, so that the file can have any size.
///
/// The format is that of WeChat Pay's bills: a header line, rows whose fields begin with a backtick
/// (so that spreadsheet programs do not treat them as numbers), then a summary header and one
/// summary row. A byte order mark, quotes and unknown columns are allowed. A spreadsheet program
/// that saved the file may have changed the encoding (flow_text.hpp), the separator, the line ends
/// and the backticks; the parser accepts all these changes. If the program changed an id or a time,
/// the original value is lost, and the parser reports the row as malformed.

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
  /// Largest size in bytes of one row of a flow file, which may have several lines in quoted
  /// fields.
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t columns_max = 200;
  /// Largest number of rows in a flow file: the largest number of coupons in a stock (batch of
  /// coupons).
  std::size_t rows_max = 10'000'000;
  /// Largest number of problems of a flow file that are kept as text. Further problems are only
  /// counted.
  std::size_t problems_kept_max = 100;
};

/// One row of a flow file (WeChat Pay's settlement file): one redemption or refund.
struct FlowRecord {
  std::size_t line = 0;  ///< line number of the row in the flow file, counted from 1
  /// Id of the coupon's stock (batch of coupons). May be empty, because all rows of a file belong
  /// to one stock.
  std::string stock_id;
  std::string coupon_id;
  std::string transaction_id;
  std::string refund_id;  ///< id of the refund; empty in flow files of redemptions
  std::string time;       ///< "yyyy-MM-dd HH:mm:ss" in Beijing time, or RFC 3339; may be empty
  std::string mchid;
  std::optional<std::int64_t> discount_fen;
  /// The values of all columns that have no member in this struct, as pairs of column name and
  /// value, in the order of the header line.
  std::vector<std::pair<std::string, std::string>> other{};
};

/// A problem with one line of a flow file, or with the whole file (line 0). Contains nothing of the
/// file except column names.
struct FlowProblem {
  std::size_t line;
  /// Number of the first bad field in the line, counted from 1; 0: the whole line is bad.
  std::size_t column;
  std::string message;
};
/// Returns the problem of a flow file as text, with its place, for example "line 3, column 7: …".
[[nodiscard]] std::string to_string(const FlowProblem& problem);

/// Parser for a flow file (WeChat Pay's settlement file). Call feed() with pieces of the file of
/// any size, then finish(). The parser reports a line that is not a valid row and skips it. A file
/// without a usable header line fails as a whole.
class FlowParser {
 public:
  FlowParser(FlowKind kind, std::vector<FlowColumnNames> columns, FlowLimits limits = {});

  /// Parses the next piece of the flow file, and appends all rows that are now complete to
  /// `records`.
  /// \return false if the whole file is refused; problems() then gives the reason, and no more rows
  ///   follow.
  bool feed(std::string_view bytes, std::vector<FlowRecord>& records);
  /// Tells the parser that the flow file has ended. Text after the last line end counts as a line.
  /// \return false if the whole file is refused; problems() then gives the reason.
  bool finish(std::vector<FlowRecord>& records);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Returns the number of lines of the flow file that were skipped because they are not valid
  /// rows.
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
  bool overlong_ = false;  // true if the current row is too long: the parser skips it
  std::string pending_;    // text of the flow file, decoded but not parsed yet
  std::size_t line_ = 0;   // line number at which the current row begins
  std::size_t lines_ = 0;  // number of lines of the flow file parsed so far
  std::size_t rows_ = 0;
  std::size_t malformed_ = 0;
  std::vector<std::string> names_;
  std::vector<std::optional<FlowColumn>> meaning_;
  std::vector<bool> is_required_;
  std::string damage_;  // error message: the bad fields of the current row
  std::size_t damaged_column_ = 0;
  std::vector<FlowProblem> problems_;
};

/// The result of parsing a whole flow file (WeChat Pay's settlement file) in one call.
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
