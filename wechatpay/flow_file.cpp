#include "wechatpay/flow_file.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr char kQuote = '"';

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// What a field holds beside its marks: spaces around, one leading backtick.
std::string_view content_of(std::string_view field) {
  field = trimmed(field);
  if (field.starts_with('`')) field.remove_prefix(1);
  return trimmed(field);
}

/// Takes one field off the front of a line (RFC 4180), with the comma that follows.
/// \return nothing where a quote is not closed.
std::optional<std::string> take_field(std::string_view& line, bool& more) {
  std::string field;
  std::string_view start = trimmed(line);
  if (start.starts_with(kQuote)) {
    line = start.substr(1);
    while (true) {
      const std::size_t quote = line.find(kQuote);
      if (quote == std::string_view::npos) return {};
      field.append(line.substr(0, quote));
      line.remove_prefix(quote + 1);
      if (!line.starts_with(kQuote)) break;
      field += kQuote;
      line.remove_prefix(1);
    }
  }
  const std::size_t comma = line.find(',');
  more = comma != std::string_view::npos;
  field.append(line.substr(0, comma));
  line.remove_prefix(more ? comma + 1 : line.size());
  return field;
}

/// \param fields_max what is beyond goes into the last field, commas and all; 0: no limit.
std::optional<std::vector<std::string>> split_line(std::string_view line, std::size_t fields_max) {
  std::vector<std::string> fields;
  for (bool more = true; more;) {
    if (fields_max != 0 && fields.size() + 1 == fields_max && !trimmed(line).starts_with(kQuote)) {
      fields.emplace_back(content_of(line));
      break;
    }
    auto field = take_field(line, more);
    if (!field) return {};
    fields.emplace_back(content_of(*field));
  }
  return fields;
}

bool is_identifier(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  return !text.empty() && text.size() <= kBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// "12.3" yuan or "1230" fen.
std::optional<std::int64_t> parse_fen(std::string_view text, bool is_yuan) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (is_yuan || point < text.size()) {
    std::string fraction(point < text.size() ? text.substr(point + 1) : "");
    if (fraction.size() > 2 && fraction.find_first_not_of('0', 2) != std::string::npos) return {};
    fraction.resize(2, '0');
    digits += fraction;
  }
  std::int64_t fen = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, fen);
  if (error != std::errc{} || stop != end || digits.empty()) return {};
  return fen;
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

/// The first line of the two at the end of a bill.
bool begins_summary(std::string_view line) {
  if (trimmed(line).starts_with('`')) return false;  // a value, whatever it says
  const std::string_view start = content_of(line);
  return start.starts_with("总") || start.starts_with("合计") || start.starts_with("汇总");
}

}  // namespace

FlowParser::FlowParser(FlowKind kind, std::vector<FlowColumnNames> columns, FlowLimits limits)
    : kind_(kind), columns_(std::move(columns)), limits_(limits) {}

bool FlowParser::feed(std::string_view bytes, std::vector<FlowRecord>& records) {
  while (!bytes.empty() && !failed_) {
    const std::size_t end = bytes.find('\n');
    const bool complete = end != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, end);
    bytes.remove_prefix(complete ? end + 1 : bytes.size());
    overlong_ = overlong_ || pending_.size() + piece.size() > limits_.line_bytes_max;
    if (!overlong_) pending_.append(piece);
    if (!complete) continue;
    take_line(pending_, records);
    pending_.clear();
    overlong_ = false;
  }
  return !failed_;
}

bool FlowParser::finish(std::vector<FlowRecord>& records) {
  if (!failed_ && (!pending_.empty() || overlong_)) take_line(pending_, records);
  pending_.clear();
  if (!failed_ && part_ == Part::kHeader) fail("the file is empty: there is no header line");
  return !failed_;
}

void FlowParser::take_line(std::string_view text, std::vector<FlowRecord>& records) {
  ++line_;
  if (line_ == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (overlong_) {
    const std::string message =
        "the line is longer than " + std::to_string(limits_.line_bytes_max) + " bytes";
    return part_ == Part::kHeader ? fail(message) : skip(message);
  }
  if (trimmed(text).empty()) return;
  switch (part_) {
    case Part::kHeader:
      return take_header(text);
    case Part::kRows:
      if (!begins_summary(text)) return take_row(text, records);
      part_ = Part::kSummaryRow;
      return;
    case Part::kSummaryRow:
      return take_summary(text);
    case Part::kEnd:
      return skip("there is a line after the summary");
  }
}

void FlowParser::take_header(std::string_view text) {
  auto names = split_line(text, 0);
  if (!names || names->size() > limits_.columns_max) {
    return fail("the header line cannot be read: is this the flow file, as comma-separated text?");
  }
  names_ = std::move(*names);
  const std::vector<FlowColumn> required = required_flow_columns(kind_);
  std::vector<FlowColumn> present;
  for (const std::string& name : names_) {
    auto column = find_flow_column(columns_, name);
    if (column && contains(present, *column)) {
      // It must not be left open which one identifies a row; of what else there is, the first
      // counts.
      if (contains(required, *column)) {
        return fail("two columns of the header both mean " + std::string(to_string(*column)));
      }
      column.reset();
    }
    if (column) present.push_back(*column);
    meaning_.push_back(column);
  }
  std::string missing;
  for (const FlowColumn column : required) {
    if (contains(present, column)) continue;
    missing.append(missing.empty() ? "" : ", ").append(to_string(column));
  }
  if (!missing.empty()) {
    return fail("no column of the header is known to mean " + missing +
                ": if this is the right file (" + std::string(to_string(kind_)) +
                " flow, UTF-8), configure the names of its columns");
  }
  part_ = Part::kRows;
}

void FlowParser::take_row(std::string_view text, std::vector<FlowRecord>& records) {
  const bool goods_last = meaning_.back() == FlowColumn::kGoods;
  const auto fields = split_line(text, goods_last ? names_.size() : 0);
  if (!fields) return skip("a quote is not closed");
  if (fields->size() != names_.size()) {
    return skip("it has " + std::to_string(fields->size()) + " fields, the header " +
                std::to_string(names_.size()));
  }
  FlowRecord record;
  record.line = line_;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string& field = (*fields)[i];
    std::string* const member = meaning_[i] ? member_of(record, *meaning_[i]) : nullptr;
    if (member != nullptr) {
      *member = field;
    } else if (meaning_[i] == FlowColumn::kDiscount) {
      record.discount_fen = parse_fen(field, names_[i].find("元") != std::string::npos);
      // A redemption is not to be lost for the sake of an amount.
      if (!record.discount_fen && !field.empty() && field != "-") {
        report("the amount is not one: the row is taken without it");
      }
    } else {
      record.other.emplace_back(names_[i], field);
    }
  }
  if (!is_identifier(record.coupon_id)) return skip("the coupon's id is not one");
  if (!is_identifier(record.transaction_id)) return skip("the transaction's id is not one");
  if (kind_ == FlowKind::kRefund && !is_identifier(record.refund_id)) {
    return skip("the refund's id is not one");
  }
  if (!record.stock_id.empty() && !is_identifier(record.stock_id)) {
    return skip("the stock's id is not one");
  }
  if (rows_ == limits_.rows_max) {
    return fail("there are more than " + std::to_string(limits_.rows_max) + " rows");
  }
  ++rows_;
  records.push_back(std::move(record));
}

/// The first number of the summary is how many rows there are: a file that was cut in the middle
/// and saved again is found by it.
void FlowParser::take_summary(std::string_view text) {
  part_ = Part::kEnd;
  const auto fields = split_line(text, 0);
  std::size_t declared = 0;
  if (!fields || fields->empty()) return;
  const std::string& first = fields->front();
  const char* const end = first.data() + first.size();
  const auto [stop, error] = std::from_chars(first.data(), end, declared);
  if (error != std::errc{} || stop != end || declared == rows_ + malformed_) return;
  skip("the summary tells of " + first + " rows, the file has " +
       std::to_string(rows_ + malformed_));
}

void FlowParser::skip(std::string message) {
  ++malformed_;
  report(std::move(message));
}

void FlowParser::report(std::string message) {
  if (problems_.size() == limits_.problems_kept_max) return;
  problems_.push_back({line_, std::move(message)});
}

void FlowParser::fail(std::string message) {
  failed_ = true;
  problems_.push_back({0, std::move(message)});
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
