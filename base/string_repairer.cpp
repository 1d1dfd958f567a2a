#include "base/string_repairer.hpp"

#include <charconv>
#include <optional>
#include <system_error>

#include "base/utf8.hpp"

namespace couponhook::base {
namespace {

void append_escape(std::string& out, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    out += kDigits[(code >> shift) & 0xFU];
  }
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&out](unsigned value) { out += static_cast<char>(value); };
  const auto continuation = [&](unsigned shift) { byte(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80U) return byte(code);
  if (code < 0x800U) {
    byte(0xC0U | (code >> 6U));
  } else {
    if (code < 0x10000U) {
      byte(0xE0U | (code >> 12U));
    } else {
      byte(0xF0U | (code >> 18U));
      continuation(12);
    }
    continuation(6);
  }
  continuation(0);
}

/// Parses the four hexadecimal digits of a JSON escape such as \u4F18.
/// \param text the JSON text after the "u".
/// \return the number that the digits mean; nothing if the four characters are not hexadecimal
///   digits.
std::optional<unsigned> hexadecimal(std::string_view text) {
  constexpr std::size_t kDigits = 4;
  unsigned code = 0;
  if (text.size() < kDigits) return {};
  const char* const end = text.data() + kDigits;
  const auto [stop, error] = std::from_chars(text.data(), end, code, 16);
  if (error != std::errc{} || stop != end) return {};
  return code;
}

}  // namespace

bool StringRepairer::run() {
  out_ += '"';
  while (!rest_.empty() && rest_.front() != '"') {
    const auto first = static_cast<unsigned char>(rest_.front());
    if (first == '\\') {
      if (!take_escape()) return false;
    } else if (first < 0x20) {
      take_control(first);
    } else {
      take_character();
    }
  }
  if (rest_.empty()) return false;
  rest_.remove_prefix(1);
  out_ += '"';
  return true;
}

void StringRepairer::replace(JsonFlaw flaw, std::size_t bytes) {
  flaws_ |= static_cast<std::uint16_t>(flaw);
  out_ += kReplacementCharacter;
  value_ += kReplacementCharacter;
  rest_.remove_prefix(bytes);
}

void StringRepairer::take_control(unsigned char byte) {
  // Replace a NUL character by U+FFFD, because databases and most programming languages cannot keep
  // a NUL character inside a text.
  if (byte == 0) return replace(JsonFlaw::kControlCharacter, 1);
  flaws_ |= static_cast<std::uint16_t>(JsonFlaw::kControlCharacter);
  append_escape(out_, byte);
  value_ += static_cast<char>(byte);
  rest_.remove_prefix(1);
}

void StringRepairer::take_character() {
  const std::size_t size = utf8_character_size(rest_);
  if (size == 0) return replace(JsonFlaw::kNotUtf8, 1);
  out_ += rest_.substr(0, size);
  value_ += rest_.substr(0, size);
  rest_.remove_prefix(size);
}

bool StringRepairer::take_escape() {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (rest_.size() < 2) return false;
  if (rest_[1] == 'u') {
    take_unicode_escape();
    return true;
  }
  const std::size_t which = kNames.find(rest_[1]);
  if (which == std::string_view::npos) {
    // The JSON escape is invalid. Replace only its backslash, and keep the character after the
    // backslash as an ordinary character.
    replace(JsonFlaw::kEscape, 1);
    return true;
  }
  out_ += rest_.substr(0, 2);
  value_ += kValues[which];
  rest_.remove_prefix(2);
  return true;
}

void StringRepairer::take_unicode_escape() {
  constexpr std::size_t kLength = 6;
  const auto code = hexadecimal(rest_.substr(2));
  if (!code) return replace(JsonFlaw::kEscape, 2);
  const bool is_high = *code >= 0xD800 && *code < 0xDC00;
  const bool is_low = *code >= 0xDC00 && *code < 0xE000;
  if (!is_high && !is_low) {
    append_utf8(value_, *code);
    out_ += rest_.substr(0, kLength);
    rest_.remove_prefix(kLength);
    return;
  }
  const std::string_view next = rest_.substr(kLength);
  const auto low = next.starts_with("\\u") ? hexadecimal(next.substr(2)) : std::nullopt;
  if (is_low || !low || *low < 0xDC00 || *low >= 0xE000) {
    return replace(JsonFlaw::kSurrogate, kLength);
  }
  append_utf8(value_, 0x10000U + ((*code - 0xD800U) << 10U) + (*low - 0xDC00U));
  out_ += rest_.substr(0, 2 * kLength);
  rest_.remove_prefix(2 * kLength);
}

}  // namespace couponhook::base
