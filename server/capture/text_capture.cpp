#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "server/capture/object_extent.hpp"
#include "server/capture/read_capture.hpp"
#include "server/repair/backslashes.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kPrefix = "wechatpay";
/// Longest text between a name and its value: quotes, brackets and an arrow, as in `'] => '`.
constexpr std::size_t kBetweenMax = 24;
/// Least number of characters before a blank inside a value. A blank after fewer ends the value.
constexpr std::size_t kBeforeBlankMin = 15;

/// A header and its name in lower-case letters. SDKs call the serial serialNo or serialNumber.
struct HeaderName {
  std::string_view header;
  std::string_view letters;
};
// A name comes before each name that is its beginning.
constexpr std::array kNames{
    HeaderName{"Wechatpay-Signature-Type", "signaturetype"},
    HeaderName{"Wechatpay-Signature", "signature"},
    HeaderName{"Wechatpay-Timestamp", "timestamp"},
    HeaderName{"Wechatpay-Nonce", "nonce"},
    HeaderName{"Wechatpay-Serial", "serialnumber"},
    HeaderName{"Wechatpay-Serial", "serialno"},
    HeaderName{"Wechatpay-Serial", "serial"},
};

bool is_joint(char c) {
  return c == '-' || c == '_';
}

/// Returns the size of the name at the beginning of a text in lower case, in which '-' and '_' may
/// stand between letters; 0 if the text begins with another name.
std::size_t name_size(std::string_view text, std::string_view letters) {
  std::size_t size = 0;
  for (const char letter : letters) {
    while (size < text.size() && is_joint(text[size])) ++size;
    if (size == text.size() || text[size] != letter) return 0;
    ++size;
  }
  const bool is_whole =
      size == text.size() || (!base::is_alphanumeric(text[size]) && !is_joint(text[size]));
  return is_whole ? size : 0;
}

bool is_value_character(char c) {
  return base::is_alphanumeric(c) || std::string_view("+/=_-%").find(c) != std::string_view::npos;
}

/// Returns the value that follows a name; empty if something else follows.
std::string_view value_after(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\"':=>[]()\\");
  if (begin == 0 || begin == std::string_view::npos || begin > kBetweenMax) return {};
  text.remove_prefix(begin);
  std::size_t end = 0;
  while (end < text.size() && is_value_character(text[end])) {
    ++end;
    // A "+" of a signature may have become a blank.
    const bool is_inner_blank = end >= kBeforeBlankMin && text.substr(end, 1) == " " &&
                                text.substr(end - 1, 1) != "=" && end + 1 < text.size() &&
                                is_value_character(text[end + 1]);
    if (is_inner_blank) ++end;
  }
  return text.substr(0, end);
}

/// Takes the headers whose names stand in the text after this prefix.
void take_headers(std::string_view text, std::string_view lower, std::string_view prefix,
                  CapturedRequest& request) {
  for (const auto& [header, letters] : kNames) {
    const std::string wanted = std::string(prefix) + std::string(letters);
    for (std::size_t at = lower.find(wanted[0]); at != std::string_view::npos;
         at = lower.find(wanted[0], at + 1)) {
      const bool is_inner = prefix.empty() && at > 0 && base::is_alphanumeric(lower[at - 1]);
      const std::size_t size = is_inner ? 0 : name_size(lower.substr(at), wanted);
      if (size == 0) continue;
      const std::string_view value = value_after(text.substr(at + size));
      if (value.empty() || !request.find(header).empty()) continue;
      request.headers.emplace_back(header, value);
    }
  }
}

}  // namespace

std::vector<CapturedRequest> parse_text_capture(const std::string& source, std::string_view text) {
  constexpr std::size_t kTextMax = 1U << 20U;
  if (text.size() > kTextMax) return {};
  CapturedRequest request;
  request.source = source;
  request.form = "text";
  const std::string lower = base::lower_case(text);
  take_headers(text, lower, kPrefix, request);
  if (request.headers.empty()) take_headers(text, lower, {}, request);
  if (request.find("Wechatpay-Signature").size() < kSignatureMin) return {};
  const std::string_view body = find_body(text);
  // Python prints bytes that are no ASCII as escapes, in a literal that begins with b'.
  const auto begin = static_cast<std::size_t>(body.empty() ? 0 : body.data() - text.data());
  const bool is_python = text.substr(0, begin).ends_with("b'");
  if (is_python) {
    request.body = remove_backslashes(body);
  } else if (!body.empty()) {
    request.body = body;
  } else {
    const std::string unescaped = remove_backslashes(text);
    request.body = find_body(unescaped);
  }
  if (!is_complete(request)) return {};
  return {std::move(request)};
}

}  // namespace couponhook::server
