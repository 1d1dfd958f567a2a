#include "wechatpay/flow_file.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/wechat_time.hpp"
#include "wechatpay/flow_fields.hpp"

namespace couponhook::wechatpay {
namespace {

/// Text with which an optional line before the header line begins: "sep=;" in a flow file tells
/// which separator a spreadsheet program used between columns.
constexpr std::string_view kSeparatorLine = "sep=";
constexpr std::string_view kSeparators = ",;\t|";

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

std::string* member_of(FlowRecord& record, FlowColumn column) {
  switch (column) {
    case FlowColumn::kStockId:
      return &record.stock_id;
    case FlowColumn::kCouponId:
      return &record.coupon_id;
    case FlowColumn::kTransactionId:
      return &record.transaction_id;
    case FlowColumn::kRefundId:
      return &record.refund_id;
    case FlowColumn::kTime:
      return &record.time;
    case FlowColumn::kMchid:
      return &record.mchid;
    case FlowColumn::kDiscount:
    case FlowColumn::kGoods:
      break;
  }
  return nullptr;
}

bool contains(const std::vector<FlowColumn>& columns, FlowColumn column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// Returns true if a row begins the summary at the end of a flow file. In WeChat Pay's bills, the
/// summary has two lines: names of totals, and the values of these totals. `first_field` is the
/// first field of the row.
bool begins_summary(std::string_view first_field) {
  // A backtick marks the value of a normal row, so this row is not the summary.
  if (trimmed(first_field).starts_with('`')) return false;
  const std::string_view start = without_marks(first_field).text;
  const auto begins = [&](std::string_view word) { return start.starts_with(word); };
  return begins("总") || begins("合计") || begins("汇总") || begins("Total") || begins("total");
}

/// Returns the separator between the columns of a flow file: the one with which the header line
/// contains the most known column names.
char find_separator(std::string_view text, bool is_last,
                    const std::vector<FlowColumnNames>& columns) {
  char best = kSeparators.front();
  std::size_t most = 0;
  for (const char separator : kSeparators) {
    const auto row = read_row(text, is_last, {.separator = separator});
    if (!row) continue;
    const auto known = std::ranges::count_if(row->fields, [&](const std::string& name) {
      return find_flow_column(columns, without_marks(name).text).has_value();
    });
    if (static_cast<std::size_t>(known) <= most) continue;
    most = static_cast<std::size_t>(known);
    best = separator;
  }
  return best;
}

/// Returns the name of a column in brackets, for a message. Empty if the name is too long or not
/// printable, because the name comes from an untrusted file.
std::string shown(std::string_view name) {
  constexpr std::size_t kBytesMax = 60;
  if (name.size() > kBytesMax) return {};
  const bool is_plain = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
  return is_plain && !name.empty() ? " (" + std::string(name) + ")" : std::string();
}

}  // namespace

std::string to_string(const FlowProblem& problem) {
  if (problem.line == 0) return problem.message;
  std::string text = "line " + std::to_string(problem.line);
  if (problem.column != 0) text += ", column " + std::to_string(problem.column);
  return text + ": " + problem.message;
}

FlowParser::FlowParser(FlowKind kind, std::vector<FlowColumnNames> columns, FlowLimits limits)
    : kind_(kind), columns_(std::move(columns)), limits_(limits) {
  rules_.bytes_max = limits.line_bytes_max;
}

bool FlowParser::feed(std::string_view bytes, std::vector<FlowRecord>& records) {
  // Parse the file in pieces. Each time rows are removed from the front of the text that is not
  // parsed yet, the rest of this text is copied, so this text must stay short.
  constexpr std::size_t kPieceBytes = 64 * 1024;
  while (!bytes.empty() && !failed_) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    bytes.remove_prefix(piece.size());
    if (!text_.feed(piece, pending_)) fail("it " + text_.problem());
    take_rows(false, records);
  }
  return !failed_;
}

bool FlowParser::finish(std::vector<FlowRecord>& records) {
  if (!failed_ && !text_.finish(pending_)) fail("it " + text_.problem());
  take_rows(true, records);
  if (!failed_ && part_ == Part::kHeader) fail("the file is empty: there is no header line");
  return !failed_;
}

void FlowParser::take_rows(bool is_last, std::vector<FlowRecord>& records) {
  std::string_view text(pending_);
  while (!failed_ && !text.empty()) {
    line_ = lines_ + 1;
    const auto row = next_row(text, is_last);
    if (!row) break;
    const bool was_overlong = std::exchange(overlong_, row->bytes == 0);
    if (row->bytes == 0) {  // the row is too long: skip it
      text = {};
      break;
    }
    text.remove_prefix(row->bytes);
    lines_ += row->lines;
    if (was_overlong || row->bytes > limits_.line_bytes_max + 2) {
      const std::string message =
          "the line is longer than " + std::to_string(limits_.line_bytes_max) + " bytes";
      part_ == Part::kHeader ? fail(message) : skip(message);
    } else {
      take(*row, records);
    }
  }
  pending_.erase(0, pending_.size() - text.size());
  if (is_last && overlong_ && !failed_) {
    const std::string message =
        "the line is longer than " + std::to_string(limits_.line_bytes_max) + " bytes";
    part_ == Part::kHeader ? fail(message) : skip(message);
  }
}

/// Finds the end of the first line of `text`.
/// \return a row without fields, whose size is the length of the line. Nothing if the line may
///   continue after `text`.
std::optional<SeparatedRow> FlowParser::first_line(std::string_view text, bool is_last) const {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  if (end == text.size() && !is_last && !overlong_) return {};
  const auto end_bytes = line_end_at(text, end, is_last);
  if (!end_bytes) return {};
  SeparatedRow line;
  line.bytes = end + *end_bytes;
  return line;
}

/// Reads the next row of the flow file, or the rest of a row that is too long.
/// \return the row. Nothing if the row continues in the next piece of the file. A row with a size
///   of 0 bytes if `text` contains only the beginning of a row that is too long.
std::optional<SeparatedRow> FlowParser::next_row(std::string_view text, bool is_last) {
  const bool may_wait = !is_last && text.size() <= limits_.line_bytes_max;
  if (overlong_) {
    auto rest = first_line(text, is_last);
    return rest && rest->bytes == text.size() && !is_line_end(text.back()) ? SeparatedRow{} : rest;
  }
  if (part_ == Part::kHeader && !is_separator_known_) {
    auto line = first_line(text, is_last);
    if (!line && may_wait) return {};
    const std::string_view content = trimmed(text.substr(0, line ? line->bytes : text.size()));
    if (content.starts_with(kSeparatorLine) && content.size() > kSeparatorLine.size()) {
      rules_.separator = content[kSeparatorLine.size()];
      is_separator_known_ = true;
      return line;
    }
    if (!content.empty()) rules_.separator = find_separator(text, is_last, columns_);
  }
  auto row = read_row(text, is_last, rules_);
  if (!row) return may_wait || is_last ? std::nullopt : std::optional(SeparatedRow{});
  if (part_ == Part::kRows && row->lines > 1 && count_fields(row->fields) != names_.size()) {
    // A quote in this row is never closed. Skip only the first line of the row, because the rows
    // after it are good.
    row = first_line(text, true);
    row->fault = RowFault::kQuoteOpen;
  }
  return row;
}

void FlowParser::take(const SeparatedRow& row, std::vector<FlowRecord>& records) {
  if (row.fault == RowFault::kQuoteOpen) {
    return part_ == Part::kHeader ? fail("the header line cannot be read: a quote is not closed")
                                  : skip("a quote is not closed");
  }
  // Skip a row in which all fields are empty: spreadsheet programs write separators even into empty
  // lines.
  if (std::ranges::all_of(row.fields, [](const auto& field) { return trimmed(field).empty(); })) {
    return;
  }
  switch (part_) {
    case Part::kHeader:
      return take_header(row.fields);
    case Part::kRows:
      if (!begins_summary(row.fields.front())) return take_record(row.fields, records);
      part_ = Part::kSummaryRow;
      return;
    case Part::kSummaryRow:
      return take_summary(row.fields);
    case Part::kEnd:
      return skip("there is a line after the summary");
  }
}

void FlowParser::take_header(const std::vector<std::string>& fields) {
  if (fields.size() > limits_.columns_max) {
    return fail("the header line cannot be read: is this the flow file, as comma-separated text?");
  }
  const std::vector<FlowColumn> required = required_flow_columns(kind_);
  std::vector<FlowColumn> present;
  for (const std::string& field : fields) {
    const std::string& name = names_.emplace_back(without_marks(field).text);
    auto column = find_flow_column(columns_, name);
    if (column && contains(present, *column)) {
      // Refuse the file if two columns have the same meaning and this meaning is required to
      // identify a row. For other meanings, use the first of two such columns.
      if (contains(required, *column)) {
        return fail("two columns of the header both mean " + std::string(to_string(*column)));
      }
      column.reset();
    }
    if (column) present.push_back(*column);
    is_required_.push_back(column && contains(required, *column));
    meaning_.push_back(column);
  }
  std::string missing;
  for (const FlowColumn column : required) {
    if (contains(present, column)) continue;
    missing.append(missing.empty() ? "" : ", ").append(to_string(column));
  }
  if (!missing.empty()) {
    return fail("no column of the header is known as " + missing + ": if this is the right file (" +
                std::string(to_string(kind_)) + " flow, read as " + std::string(text_.encoding()) +
                "), configure the names of its columns");
  }
  if (meaning_.back() == FlowColumn::kGoods) rules_.fields_max = names_.size();
  part_ = Part::kRows;
}

/// Returns the number of fields of a row. Empty fields after the last column, which spreadsheet
/// programs add, are not counted.
std::size_t FlowParser::count_fields(const std::vector<std::string>& fields) const {
  std::size_t size = fields.size();
  while (size > names_.size() && trimmed(fields[size - 1]).empty()) --size;
  return size;
}

void FlowParser::take_record(const std::vector<std::string>& fields,
                             std::vector<FlowRecord>& records) {
  const std::size_t size = count_fields(fields);
  if (size != names_.size()) {
    return skip("it has " + std::to_string(size) + " fields, the header " +
                std::to_string(names_.size()));
  }
  FlowRecord record;
  record.line = line_;
  damage_.clear();
  damaged_column_ = 0;
  for (std::size_t i = 0; i < size; ++i) put(record, i, fields[i]);
  if (!damage_.empty()) return skip(std::move(damage_), damaged_column_);
  if (rows_ == limits_.rows_max) {
    return fail("there are more than " + std::to_string(limits_.rows_max) + " rows");
  }
  ++rows_;
  records.push_back(std::move(record));
}

/// Stores one field of a row in the record, or notes that the field is bad.
void FlowParser::put(FlowRecord& record, std::size_t i, const std::string& field) {
  const auto column = meaning_[i];
  const Unmarked value = without_marks(field);
  if (column && identifier_in(*column)) {
    if (!is_required_[i] && is_absent(value.text)) return;
    find_damage(i, damage_of(*identifier_in(*column), value));
    *member_of(record, *column) = value.text;
  } else if (column == FlowColumn::kTime) {
    if (is_absent(value.text)) return;
    const auto time = base::parse_file_time(value.text);
    if (!time) {
      find_damage(i,
                  "is not a time as WeChat Pay writes it (2024-03-05 07:58:41), and the original "
                  "cannot be recovered");
      return;
    }
    record.time = base::parse_wechat_time(value.text) ? std::string(value.text)
                                                      : base::format_wechat_time(*time);
  } else if (column == FlowColumn::kDiscount) {
    const bool is_yuan = names_[i].find("元") != std::string::npos;
    record.discount_fen = parse_fen(value.text, is_yuan, rules_.separator);
    // The amount in this row is bad. Keep the row without its amount, because a redemption must not
    // be lost for a bad amount.
    if (!record.discount_fen && !is_absent(value.text)) {
      report("the amount is invalid: the row is used without it", i + 1);
    }
  } else {
    record.other.emplace_back(names_[i], value.text);
  }
}

void FlowParser::find_damage(std::size_t i, std::string_view damage) {
  if (damage.empty()) return;
  const std::string_view name = to_string(*meaning_[i]);
  if (damage_.empty()) {
    damaged_column_ = i + 1;
  } else {
    damage_ += "; column " + std::to_string(i + 1) + ": ";
  }
  damage_.append(name).append(shown(names_[i])).append(" ").append(damage);
}

/// Checks the summary row at the end of a flow file. Its first number is the number of rows. If
/// this number is wrong, the file was cut off in the middle and saved again.
void FlowParser::take_summary(const std::vector<std::string>& fields) {
  part_ = Part::kEnd;
  std::size_t declared = 0;
  const std::string_view first = without_marks(fields.front()).text;
  const char* const end = first.data() + first.size();
  const auto [stop, error] = std::from_chars(first.data(), end, declared);
  if (error != std::errc{} || stop != end || declared == rows_ + malformed_) return;
  skip("the summary counts " + std::string(first) + " rows, the file has " +
       std::to_string(rows_ + malformed_));
}

void FlowParser::skip(std::string message, std::size_t column) {
  ++malformed_;
  report(std::move(message), column);
}

void FlowParser::report(std::string message, std::size_t column) {
  if (problems_.size() == limits_.problems_kept_max) return;
  problems_.push_back({line_, column, std::move(message)});
}

void FlowParser::fail(std::string message) {
  failed_ = true;
  problems_.push_back({0, 0, std::move(message)});
}

FlowFile parse_flow_file(FlowKind kind, std::string_view content,
                         std::vector<FlowColumnNames> columns, FlowLimits limits) {
  FlowParser parser(kind, std::move(columns), limits);
  FlowFile file;
  parser.feed(content, file.records);
  parser.finish(file.records);
  file.problems = parser.problems();
  file.malformed = parser.malformed();
  file.failed = parser.failed();
  return file;
}

}  // namespace couponhook::wechatpay
