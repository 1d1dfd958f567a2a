#include "base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace couponhook::base {
namespace {

std::string_view without_ascii_prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    if ((word & kHighBits) != 0) break;
    text.remove_prefix(sizeof word);
  }
  while (!text.empty() && static_cast<unsigned char>(text.front()) < 0x80) text.remove_prefix(1);
  return text;
}

/// Rules for UTF-8 characters that begin with a certain byte: the length in bytes, and the allowed
/// range of the second byte. The range of the second byte excludes overlong forms, surrogates and
/// code points above U+10FFFF.
struct Sequence {
  std::size_t length;
  unsigned char second_min;
  unsigned char second_max;
};

/// Returns the rules for UTF-8 characters of two to four bytes that begin with the byte `lead`
/// (table in RFC 3629, section 4). Length 0 means that no such character begins with this byte.
Sequence sequence_of(unsigned char lead) {
  constexpr Sequence kNone = {0, 0, 0};
  if (lead < 0xC2) return kNone;
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return kNone;
}

}  // namespace

std::size_t utf8_character_size(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const auto [length, second_min, second_max] = sequence_of(byte(0));
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < second_min || byte(1) > second_max) return 0;
  for (std::size_t at = 2; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return 0;
  }
  return length;
}

Utf8Character first_utf8_character(std::string_view text) {
  const std::size_t bytes = utf8_character_size(text);
  if (bytes == 0) return {1, std::nullopt};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (bytes == 1) return {1, byte(0)};
  // The first byte of a character of n bytes begins with n one bits and a zero bit.
  char32_t code = byte(0) & (0x7FU >> bytes);
  for (std::size_t at = 1; at < bytes; ++at) code = code << 6U | (byte(at) & 0x3FU);
  return {bytes, code};
}

bool is_utf8(std::string_view text) {
  for (text = without_ascii_prefix(text); !text.empty(); text = without_ascii_prefix(text)) {
    const std::size_t length = utf8_character_size(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace couponhook::base
