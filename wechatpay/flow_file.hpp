#pragma once

/// \file
/// Reading a flow file as it comes in, line by line, whatever its size.
///
/// The form is that of WeChat Pay's bills: a header line, rows whose fields begin with a backtick
/// so that no spreadsheet takes them for numbers, then a summary header and one summary row. There
/// may be a byte order mark, quotes, and columns that nobody has told of. Source:
/// wechatpay-protocol section 5.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wechatpay/flow_columns.hpp"

namespace couponhook::wechatpay {

struct FlowLimits {
  std::size_t line_bytes_max = 64 * 1024;
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
  std::string time;       ///< as written
  std::string mchid;
  std::optional<std::int64_t> discount_fen;
  /// The other columns by their names in the header, in its order.
  std::vector<std::pair<std::string, std::string>> other{};
};

/// Why a line, or the whole file (line 0), could not be read. Holds no content but header names.
struct FlowProblem {
  std::size_t line;
  std::string message;
};

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

  void take_line(std::string_view text, std::vector<FlowRecord>& records);
  void take_header(std::string_view text);
  void take_row(std::string_view text, std::vector<FlowRecord>& records);
  void take_summary(std::string_view text);
  void skip(std::string message);
  void report(std::string message);
  void fail(std::string message);

  FlowKind kind_;
  std::vector<FlowColumnNames> columns_;
  FlowLimits limits_;
  Part part_ = Part::kHeader;
  bool failed_ = false;
  bool overlong_ = false;  // the line being fed is too long already: wait for its end
  std::string pending_;    // of the line that has not ended yet
  std::size_t line_ = 0;
  std::size_t rows_ = 0;
  std::size_t malformed_ = 0;
  std::vector<std::string> names_;
  std::vector<std::optional<FlowColumn>> meaning_;
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
