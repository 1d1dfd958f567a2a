#include "server/config/toml.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "crypto/pasted_text.hpp"

namespace couponhook::server {
namespace {

/// A place where several lines of the TOML file were joined into one line of the prepared text (the
/// text that toml++ parses).
struct JoinedLines {
  std::size_t out_line;
  std::size_t lines;
};

struct PreparedText {
  std::string text;
  std::vector<JoinedLines> joins;

  /// Converts a line number in the prepared text (the text that toml++ parses) to the line number
  /// in the TOML file.
  [[nodiscard]] std::size_t line_in_file(std::size_t line) const {
    std::size_t joined = 0;
    for (const JoinedLines& join : joins) joined += join.out_line < line ? join.lines : 0;
    return line + joined;
  }
};
using Prepared = boost::system::result<PreparedText, TomlFault>;

/// Largest number of dots outside strings in one line of a TOML file. Each dot of a key creates a
/// table inside a table. No configuration needs that many dots, and to free many more nested tables
/// would overflow the stack.
constexpr std::size_t kDotsInLineMax = 128;

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

bool is_name_char(char c) {
  return base::is_alphanumeric(c) || c == '_';
}

/// Prepares the text of a TOML file for toml++: distinguishes comments, strings and other text,
/// refuses the characters on which toml++ 3.3 and 3.4 have undefined behaviour, and puts quotes
/// around ${NAME}.
class TomlPreparation {
 public:
  explicit TomlPreparation(std::string_view text) : text_(text) { out_.reserve(text.size() + 64); }

  Prepared run() {
    while (!fault_ && at_ < text_.size()) step();
    if (fault_) return *std::move(fault_);
    return PreparedText{std::move(out_), std::move(joins_)};
  }

 private:
  void step() {
    const std::string_view rest = text_.substr(at_);
    if (rest.front() == '#') return take_comment();
    for (const std::string_view quotes : {"\"\"\"", "'''", "\"", "'"}) {
      if (rest.starts_with(quotes)) return take_string(quotes);
    }
    if (rest.starts_with("${") && take_variable(rest)) return;
    if (rest.starts_with("\r\n")) return take(2);
    const crypto::PastedChar next = crypto::first_char(rest);
    if (next.is_visible_ascii() || next.is_one_of(" \t\n")) {
      if (rest.front() == '.' && ++dots_ > kDotsInLineMax) {
        return refuse("has too many dots");
      }
      return take(1);
    }
    refuse("has " + next.name() + " outside of quotes; " +
           (next.is_one_of("\r") ? "save the file with line feeds as line ends"
                                 : "replace it by what can be typed on an English keyboard"));
  }

  void take_comment() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    take(end - at_);
  }

  bool take_variable(std::string_view rest) {
    std::size_t end = 2;
    while (end < rest.size() && is_name_char(rest[end])) ++end;
    if (end == 2 || end == rest.size() || rest[end] != '}') return false;
    out_ += '"';
    take(end + 1);
    out_ += '"';
    return true;
  }

  void take_string(std::string_view quotes) {
    const bool is_basic = quotes.front() == '"';
    const bool is_long = quotes.size() == 3;
    const char before = out_.empty() ? '\n' : out_.back();
    // Refuse a quote directly after a name, a sign or another quote: toml++ takes such a text for a
    // number, and reads beyond the quotes to find the end of the number.
    if (is_name_char(before) || std::string_view("+-:\"'").find(before) != std::string_view::npos) {
      return refuse("has a quote directly behind other characters");
    }
    take(quotes.size());
    while (!fault_ && at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (before == '.' && static_cast<unsigned char>(rest.front()) >= 0x80) {
        return refuse(
            "has a character outside of ASCII in a dotted key; write that key below a "
            "[table] header");
      }
      if (rest.starts_with(quotes)) {
        take(quotes.size());
        // A multi-line TOML string may end with up to two quotes that belong to its text, before
        // the closing quotes.
        for (int more = 0; is_long && more < 2 && at_ < text_.size(); ++more) {
          if (text_[at_] == quotes.front()) take(1);
        }
        return;
      }
      if (!is_long && rest.front() == '\n') return;  // toml++ reports the missing closing quote
      if (is_basic && rest.front() == '\\') {
        take_escape(is_long);
      } else {
        take(1);
      }
    }
  }

  void take_escape(bool is_long) {
    const crypto::PastedChar next = crypto::first_char(text_.substr(at_ + 1));
    if (next.size > 1) return refuse("has a backslash before " + next.name() + "; write \\\\");
    const std::size_t blanks_end = std::min(text_.find_first_not_of(" \t", at_ + 1), text_.size());
    const bool continues = is_long && blanks_end < text_.size() &&
                           (text_[blanks_end] == '\n' || text_[blanks_end] == '\r');
    if (!continues && next.is_one_of(" \t")) {
      return refuse("has a backslash before " + next.name() + "; write \\\\");
    }
    if (!continues) return take(std::min<std::size_t>(2, text_.size() - at_));
    // Join the lines here, because toml++ has a fault: it takes blanks that follow an escape in the
    // next line for indentation, and then handles non-ASCII characters wrongly.
    const std::size_t end = std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
    joins_.push_back({out_line_, count_lines(text_.substr(at_, end - at_))});
    line_ += joins_.back().lines;
    at_ = end;
  }

  /// Appends the next `count` characters of the TOML file, unchanged, to the prepared text.
  void take(std::size_t count) {
    const std::string_view taken = text_.substr(at_, count);
    const std::size_t lines = count_lines(taken);
    line_ += lines;
    out_line_ += lines;
    if (lines > 0) dots_ = 0;
    out_ += taken;
    at_ += taken.size();
  }

  void refuse(std::string message) { fault_ = TomlFault{line_, std::move(message)}; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t out_line_ = 1;
  std::size_t dots_ = 0;
  std::vector<JoinedLines> joins_;
  std::string out_;
  std::optional<TomlFault> fault_;
};

std::size_t line_of(std::string_view content, std::size_t at) {
  return 1 + count_lines(content.substr(0, at));
}

/// Finds bytes that are not allowed anywhere in a TOML file. Returns the first fault; nothing if
/// there is none.
std::optional<TomlFault> find_foreign_bytes(std::string_view content) {
  if (crypto::looks_like_utf16(content)) {
    return TomlFault{1, "is UTF-16; save the file as UTF-8"};
  }
  for (std::size_t at = 0; at < content.size();) {
    const crypto::PastedChar next = crypto::first_char(content.substr(at));
    if (!next.code) {
      return TomlFault{line_of(content, at), "is not UTF-8; save the file as UTF-8"};
    }
    const bool is_control = (*next.code < 0x20 && !next.is_one_of("\t\r\n")) || *next.code == 0x7F;
    if (is_control) {
      return TomlFault{line_of(content, at), "has " + next.name() + "; remove it"};
    }
    at += next.size;
  }
  return std::nullopt;
}

boost::system::result<toml::table, TomlFault> parse_prepared(std::string_view text) {
  try {
    return boost::system::result<toml::table, TomlFault>(toml::parse(text, std::string_view()));
  } catch (const toml::parse_error& error) {
    return TomlFault{std::max<std::size_t>(1, error.source().begin.line),
                     std::string(error.description()) + "; correct the TOML syntax there"};
  }
}

/// Returns the number of the first line of the text that makes an assertion in toml++ fail.
std::size_t find_asserting_line(std::string_view text) {
  std::size_t line = 1;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos;
       end = text.find('\n', end + 1), ++line) {
    try {
      static_cast<void>(parse_prepared(text.substr(0, end + 1)));
    } catch (const TomlAssertionFailed&) {
      return line;
    }
  }
  return line;
}

}  // namespace

boost::system::result<toml::table, TomlFault> parse_toml(std::string_view content) {
  if (content.starts_with(crypto::kByteOrderMark)) {
    content.remove_prefix(crypto::kByteOrderMark.size());
  }
  if (auto fault = find_foreign_bytes(content)) return *std::move(fault);
  const auto prepared = TomlPreparation(content).run();
  if (!prepared) return prepared.error();
  try {
    auto table = parse_prepared(prepared->text);
    if (table) return table;
    return TomlFault{prepared->line_in_file(table.error().line), table.error().message};
  } catch (const TomlAssertionFailed&) {
    return TomlFault{prepared->line_in_file(find_asserting_line(prepared->text)),
                     "is not TOML; correct the syntax there"};
  }
}

}  // namespace couponhook::server
