#include "storage/postgres/storable_text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace couponhook::storage {
namespace {

bool is_between(unsigned char byte, unsigned char first, unsigned char last) {
  return byte >= first && byte <= last;
}

/// \return the size in bytes of the UTF-8 character at the beginning of `text`; 0 if `text` begins
/// with NUL or with invalid UTF-8. Source: RFC 3629, section 4.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto continues = [&byte](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (!is_between(byte(i), 0x80, 0xBF)) return false;
    }
    return true;
  };
  const unsigned char first = byte(0);
  const unsigned char second = byte(1);
  if (is_between(first, 0x01, 0x7F)) return 1;
  if (is_between(first, 0xC2, 0xDF)) return continues(1, 2) ? 2 : 0;
  if (is_between(first, 0xE0, 0xEF)) {
    // Second byte after 0xE0: values below 0xA0 would be an overlong form, which UTF-8 forbids.
    const unsigned char lowest = first == 0xE0 ? 0xA0 : 0x80;
    // Second byte after 0xED: values above 0x9F would be a surrogate, which UTF-8 forbids.
    const unsigned char highest = first == 0xED ? 0x9F : 0xBF;
    return is_between(second, lowest, highest) && continues(2, 3) ? 3 : 0;
  }
  if (is_between(first, 0xF0, 0xF4)) {
    const unsigned char lowest = first == 0xF0 ? 0x90 : 0x80;
    // Second byte after 0xF4: values above 0x8F would be a character above U+10FFFF.
    const unsigned char highest = first == 0xF4 ? 0x8F : 0xBF;
    return is_between(second, lowest, highest) && continues(2, 4) ? 4 : 0;
  }
  return 0;
}

/// \return the number of bytes at the beginning of `text` that PostgreSQL accepts in a text column.
std::size_t storable_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character_size(text.substr(at));
    if (size == 0) break;
    at += size;
  }
  return at;
}

}  // namespace

std::string_view storable_text(std::string_view text, std::string& repaired) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > '\0'; });
  if (plain) return text;
  std::size_t good = storable_prefix(text);
  if (good == text.size()) return text;
  repaired.clear();
  while (good < text.size()) {
    repaired.append(text.substr(0, good)).append(base::kReplacementCharacter);
    text.remove_prefix(good + 1);
    good = storable_prefix(text);
  }
  repaired.append(text);
  return repaired;
}

}  // namespace couponhook::storage
