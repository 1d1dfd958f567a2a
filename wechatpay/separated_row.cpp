#include "wechatpay/separated_row.hpp"

#include <algorithm>

namespace couponhook::wechatpay {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

class RowReader {
 public:
  RowReader(std::string_view text, bool is_last, const RowRules& rules)
      : text_(text), is_last_(is_last), rules_(rules) {}

  std::optional<SeparatedRow> run() {
    while (true) {
      const std::size_t start = skip_blanks(at_);
      const bool is_quoted = start < text_.size() && text_[start] == '"';
      if (is_quoted) {
        at_ = start + 1;
        if (!take_quoted()) return unclosed();
      } else {
        take_plain();
      }
      if (needs_more_) return {};
      if (at_ >= text_.size()) return is_last_ ? std::optional(finish(0)) : std::nullopt;
      if (text_[at_] == rules_.separator) {
        ++at_;
        continue;
      }
      const auto end = line_end_at(text_, at_, is_last_);
      if (!end) return {};
      return finish(*end);
    }
  }

 private:
  [[nodiscard]] std::size_t skip_blanks(std::size_t at) const {
    while (at < text_.size() && text_[at] != rules_.separator &&
           (text_[at] == ' ' || text_[at] == '\t')) {
      ++at;
    }
    return at;
  }

  void take_plain() {
    const bool takes_rest = rules_.fields_max != 0 && row_.fields.size() + 1 == rules_.fields_max;
    const char separator = rules_.separator;
    const auto ends = [=](char c) {
      return c == '\n' || c == '\r' || (c == separator && !takes_rest);
    };
    const auto* const begin = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto* const end = std::find_if(begin, text_.end(), ends);
    row_.fields.emplace_back(begin, end);
    at_ = static_cast<std::size_t>(end - text_.begin());
  }

  /// Reads a quoted field of the row.
  /// \return false if the quote is not closed, or if more text is needed.
  bool take_quoted() {
    std::string field;
    while (true) {
      const std::size_t mark = text_.find_first_of("\"\r\n", at_);
      if (mark == kNone) return wait_for_more();
      field.append(text_.substr(at_, mark - at_));
      at_ = mark + 1;
      if (text_[mark] != '"') {
        if (!take_line_end(mark, field)) return wait_for_more();
        if (row_.lines > rules_.lines_max) return false;
        continue;
      }
      if (at_ == text_.size() && !is_last_) return wait_for_more();
      if (text_.substr(at_).starts_with('"')) {
        field += '"';
        ++at_;
      } else if (closes()) {
        at_ = skip_blanks(at_);
        row_.fields.push_back(std::move(field));
        return true;
      } else if (needs_more_) {
        return true;
      } else {
        field += '"';
      }
    }
  }

  /// Reads a line end inside a quoted field.
  /// \return false if `text_` ends with a carriage return: the line feed that belongs to it may
  ///   still follow.
  bool take_line_end(std::size_t mark, std::string& field) {
    const auto size = line_end_at(text_, mark, is_last_);
    if (!size) return false;
    field += '\n';
    at_ = mark + *size;
    ++row_.lines;
    return true;
  }

  /// Returns true if the quote before the offset `at_` ends the quoted field and is not part of its
  /// text.
  bool closes() {
    const std::size_t next = skip_blanks(at_);
    if (next == text_.size()) {
      needs_more_ = !is_last_;
      return is_last_;
    }
    return text_[next] == rules_.separator || text_[next] == '\n' || text_[next] == '\r';
  }

  bool wait_for_more() {
    needs_more_ = !is_last_ && text_.size() <= rules_.bytes_max;
    return needs_more_;
  }

  [[nodiscard]] SeparatedRow finish(std::size_t end_bytes) {
    row_.bytes = at_ + end_bytes;
    return std::move(row_);
  }

  [[nodiscard]] std::optional<SeparatedRow> unclosed() {
    SeparatedRow line;
    line.fault = RowFault::kQuoteOpen;
    const std::size_t end = std::min(text_.find_first_of("\r\n"), text_.size());
    line.bytes = end + line_end_at(text_, end, true).value_or(0);
    return line;
  }

  std::string_view text_;
  bool is_last_;
  const RowRules& rules_;
  std::size_t at_ = 0;
  bool needs_more_ = false;
  SeparatedRow row_;
};

}  // namespace

std::optional<std::size_t> line_end_at(std::string_view text, std::size_t at, bool is_last) {
  if (at >= text.size()) return 0;
  if (text[at] == '\n') return 1;
  if (text[at] != '\r') return 0;
  if (at + 1 == text.size()) return is_last ? std::optional<std::size_t>(1) : std::nullopt;
  return text[at + 1] == '\n' ? 2 : 1;
}

std::optional<SeparatedRow> read_row(std::string_view text, bool is_last, const RowRules& rules) {
  return RowReader(text, is_last, rules).run();
}

}  // namespace couponhook::wechatpay
