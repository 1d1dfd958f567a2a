#include "server/capture/object_extent.hpp"

#include <string>

#include "base/ascii.hpp"

namespace couponhook::server {

std::optional<std::size_t> object_size(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::nullopt;
}

std::string_view find_body(std::string_view text) {
  constexpr std::size_t kTriesMax = 200;
  const auto mark = text.find(kCiphertextName);
  if (mark == std::string_view::npos) return {};
  std::size_t at = text.find('{');
  for (std::size_t tries = 0; at < mark && tries < kTriesMax; ++tries) {
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    if (next != std::string_view::npos && text[next] == '"') {
      const auto size = object_size(text.substr(at));
      if (size && at + *size > mark) {
        const std::string_view body = text.substr(at, *size);
        if (base::lower_case(body).find("wechatpay") == std::string::npos) return body;
      }
    }
    at = text.find('{', at + 1);
  }
  return {};
}

}  // namespace couponhook::server
