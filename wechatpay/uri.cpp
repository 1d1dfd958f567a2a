#include "wechatpay/uri.hpp"

#include <algorithm>

namespace couponhook::wechatpay {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// Removes `mark` and everything after it from `rest`.
/// \return the text after the mark; nothing if there is no mark.
std::optional<std::string_view> cut_after(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view tail = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return tail;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 0x0F];
  }
  return encoded;
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lowered;
}

Target& Target::segment(std::string_view value) {
  text_.append("/").append(percent_encode(value));
  return *this;
}

Target& Target::query(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_.append(name).append("=").append(percent_encode(value));
  return *this;
}

Target& Target::query(std::string_view name, std::int64_t value) {
  return query(name, std::string_view(std::to_string(value)));
}

std::optional<UrlParts> split_url(std::string_view url) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  if (mark == 0 || mark == std::string_view::npos) return {};

  UrlParts parts;
  parts.scheme = url.substr(0, mark);
  std::string_view rest = url.substr(mark + kMark.size());
  parts.has_fragment = cut_after(rest, '#').has_value();
  const auto query = cut_after(rest, '?');
  parts.has_query = query.has_value();
  parts.query = query.value_or(std::string_view());

  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parts.has_user_info = true;
    parts.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    parts.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return {};
    if (!authority.empty()) parts.port = authority.substr(1);
  } else {
    parts.port = cut_after(authority, ':').value_or(std::string_view());
    parts.host = authority;
  }
  if (parts.host.empty()) return {};
  return parts;
}

}  // namespace couponhook::wechatpay
