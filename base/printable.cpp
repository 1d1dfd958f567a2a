#include "base/printable.hpp"

#include "base/utf8.hpp"

namespace couponhook::base {
namespace {

bool is_unprintable(char32_t code) {
  const auto is_in = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  return code < 0x20 || is_in(0x7F, 0xA0) || is_in(0x200B, 0x200F) || is_in(0x2028, 0x202F) ||
         is_in(0x2060, 0x206F) || code == 0xFEFF || code >= 0xE0000;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = first_utf8_character(text);
    if (!next.code) {
      line += kReplacementCharacter;
    } else if (is_unprintable(*next.code)) {
      line += ' ';
    } else {
      line += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return line;
}

}  // namespace couponhook::base
