#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/ascii.hpp"
#include "base/percent_encoding.hpp"
#include "server/capture/object_extent.hpp"
#include "server/capture/read_capture.hpp"
#include "server/repair/backslashes.hpp"

namespace couponhook::server {
namespace {

/// One value of a log line.
struct Token {
  std::string name;  ///< name before the value, as in name=value; empty if the value has no name
  std::string value;
};

/// Decodes a hexadecimal escape of two digits.
std::string decode_hex(std::string_view digits) {
  return base::percent_decode("%" + std::string(digits)).value_or("");
}

bool are_hex_digits(std::string_view text) {
  return text.size() == 2 && base::is_hex_digit(text[0]) && base::is_hex_digit(text[1]);
}

/// Decodes the escapes that HAProxy writes in captured headers: #HH.
std::string decode_haproxy(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && are_hex_digits(text.substr(i + 1, 2))) {
      plain += decode_hex(text.substr(i + 1, 2));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Splits a log line into values: quoted texts, JSON objects, HAProxy's captures in braces, and
/// words.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view line) : rest_(line) {}

  std::vector<Token> run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == ' ' || c == '\t' || c == ',' || c == '|') {
        rest_.remove_prefix(1);
        name_.clear();
      } else if (c == '"') {
        take_quoted();
      } else if (c == '{') {
        take_braces();
      } else {
        take_word();
      }
    }
    return std::move(tokens_);
  }

 private:
  void add(std::string value) { tokens_.push_back({std::exchange(name_, {}), std::move(value)}); }

  void take_quoted() {
    rest_.remove_prefix(1);
    if (rest_.starts_with("{\"")) return take_object();
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2U : 1U;
    end = std::min(end, rest_.size());
    add(remove_backslashes(rest_.substr(0, end)));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
  }
  void take_object() {
    const std::size_t size = object_size(rest_).value_or(rest_.size());
    add(std::string(rest_.substr(0, size)));
    rest_.remove_prefix(size);
    if (rest_.starts_with('"')) rest_.remove_prefix(1);
  }
  void take_braces() {
    if (rest_.starts_with("{\"")) return take_object();
    rest_.remove_prefix(1);
    std::string_view captures = rest_.substr(0, rest_.find('}'));
    rest_.remove_prefix(std::min(captures.size() + 1, rest_.size()));
    while (true) {
      const auto bar = captures.find('|');
      add(decode_haproxy(captures.substr(0, bar)));
      if (bar == std::string_view::npos) return;
      captures.remove_prefix(bar + 1);
    }
  }
  void take_word() {
    const std::size_t end = std::min(rest_.find_first_of(" \t,|\"{"), rest_.size());
    std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    const auto separator = word.find_first_of("=:");
    const bool is_named =
        separator != std::string_view::npos &&
        (is_signed_header(word.substr(0, separator)) || is_body_name(word.substr(0, separator)));
    if (is_named) {
      name_ = word.substr(0, separator);
      word.remove_prefix(separator + 1);
      if (word.empty()) return;  // the value follows in quotes or braces
      if (word.starts_with('[')) word = word.substr(1, word.find(']') - 1);  // Go prints a list
    }
    add(remove_backslashes(word));
  }

 public:
  static bool is_body_name(std::string_view name) {
    return base::lower_case(name).ends_with("body");
  }

 private:
  std::string_view rest_;
  std::string name_;
  std::vector<Token> tokens_;
};

template <typename Predicate>
bool all_of(std::string_view text, const Predicate& predicate) {
  return std::ranges::all_of(text, predicate);
}

/// Names the header whose values have the form of this text; empty if it is none.
std::string_view header_by_form(std::string_view value) {
  constexpr std::size_t kNonceMin = 16;
  constexpr std::size_t kNonceMax = 34;
  constexpr std::size_t kSerialMax = 40;
  const auto is_base64 = [](char c) {
    return base::is_alphanumeric(c) || c == '+' || c == '/' || c == '=' || c == ' ' || c == '%';
  };
  if (value.starts_with("PUB_KEY_ID_")) return "Wechatpay-Serial";
  if (value.size() == 10 && all_of(value, base::is_digit)) return "Wechatpay-Timestamp";
  if (value.size() >= kSignatureMin && all_of(value, is_base64)) return "Wechatpay-Signature";
  if (value.size() > kNonceMax && value.size() <= kSerialMax && all_of(value, base::is_hex_digit)) {
    return "Wechatpay-Serial";
  }
  if (value.size() >= kNonceMin && value.size() <= kNonceMax &&
      all_of(value, base::is_alphanumeric)) {
    return "Wechatpay-Nonce";
  }
  return {};
}

/// Takes method and target out of a request line, as $request of nginx holds it.
void take_request_line(std::string_view value, CapturedRequest& request) {
  const auto version = value.find(" HTTP/");
  const auto blank = value.find(' ');
  if (version == std::string_view::npos || blank >= version) return;
  request.method = value.substr(0, blank);
  request.target = value.substr(blank + 1, version - blank - 1);
}

void take(const Token& token, CapturedRequest& request) {
  if (token.value.empty() || token.value == "-") return;
  if (is_signed_header(token.name)) {
    request.headers.emplace_back(canonical_header(token.name), token.value);
  } else if (Tokenizer::is_body_name(token.name)) {
    request.body = token.value;
  } else if (token.value.starts_with('{') ||
             token.value.find(kCiphertextName) != std::string::npos) {
    if (request.body.empty()) request.body = token.value;
  } else {
    take_request_line(token.value, request);
  }
}

/// Takes the headers out of values without a name, by the form of the values. Other values of a
/// line, such as a request id, may have the same form as a header. So the values that stand
/// nearest to the signature are taken.
void take_by_form(const std::vector<Token>& tokens, CapturedRequest& request) {
  std::vector<std::string_view> forms;
  for (const Token& token : tokens) {
    forms.push_back(token.name.empty() ? header_by_form(token.value) : std::string_view());
  }
  const auto signature = std::ranges::find(forms, "Wechatpay-Signature") - forms.begin();
  for (const std::string_view header :
       {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"}) {
    if (!request.find(header).empty()) continue;
    std::optional<std::ptrdiff_t> nearest;
    for (std::ptrdiff_t i = 0; i < std::ssize(forms); ++i) {
      if (forms[static_cast<std::size_t>(i)] != header) continue;
      if (!nearest || std::abs(i - signature) < std::abs(*nearest - signature)) nearest = i;
    }
    if (nearest) {
      request.headers.emplace_back(header, tokens[static_cast<std::size_t>(*nearest)].value);
    }
  }
}

}  // namespace

std::optional<CapturedRequest> parse_log_line(const std::string& source, std::string_view line) {
  if (const auto brace = line.find('{'); brace != std::string_view::npos) {
    auto requests = parse_json_capture(source, line.substr(brace));
    if (requests.size() == 1) {
      requests.front().form = "log line";
      return std::move(requests.front());
    }
  }
  CapturedRequest request;
  request.source = source;
  request.form = "log line";
  const std::vector<Token> tokens = Tokenizer(line).run();
  for (const Token& token : tokens) take(token, request);
  take_by_form(tokens, request);
  const bool is_ours = !request.find("Wechatpay-Signature").empty() ||
                       request.body.find(kCiphertextName) != std::string::npos;
  return is_ours ? std::optional(std::move(request)) : std::nullopt;
}

}  // namespace couponhook::server
