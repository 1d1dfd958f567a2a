#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace couponhook::base {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Value in the base64 decoding table for a character outside the base64 alphabet. This bit lies
// above the 24 bits that four base64 characters encode. So the decoder can combine the values of
// all groups of four characters with OR, and check for wrong characters once, at the end, without a
// branch for each character.
constexpr std::uint32_t kForeign = 0x8000'0000;

using Values = std::array<std::uint32_t, 256>;

// Decoding tables for base64: one table for each of the four characters of a group, which together
// encode 24 bits. The values in a table are already shifted to the character's place in these 24
// bits, so decoding needs no shifts.
constexpr std::array<Values, 4> kValues = [] {
  std::array<Values, 4> values{};
  for (std::size_t place = 0; place < values.size(); ++place) {
    values[place].fill(kForeign);
    for (std::uint32_t value = 0; value < kAlphabet.size(); ++value) {
      values[place][static_cast<unsigned char>(kAlphabet[value])] = value << (18 - 6 * place);
    }
  }
  return values;
}();

std::uint32_t group_value(char a, char b, char c, char d) {
  return kValues[0][static_cast<unsigned char>(a)] | kValues[1][static_cast<unsigned char>(b)] |
         kValues[2][static_cast<unsigned char>(c)] | kValues[3][static_cast<unsigned char>(d)];
}

std::uint32_t octet(char byte) {
  return static_cast<unsigned char>(byte);
}

// Appends base64 text: the first `count` of the four base64 characters that encode the 24 bits of
// `group`.
void append_group(std::string& text, std::uint32_t group, std::size_t count) {
  for (std::size_t place = 0; place < count; ++place) {
    text += kAlphabet[(group >> (18 - 6 * place)) & 0x3F];
  }
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    append_group(text, octet(bytes[0]) << 16 | octet(bytes[1]) << 8 | octet(bytes[2]), 4);
  }
  if (bytes.size() == 2) {
    append_group(text, octet(bytes[0]) << 16 | octet(bytes[1]) << 8, 3);
    text += '=';
  } else if (bytes.size() == 1) {
    append_group(text, octet(bytes[0]) << 16, 2);
    text += "==";
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  if (!base64_decode_into(text, bytes)) return std::nullopt;
  return bytes;
}

bool base64_decode_into(std::string_view text, std::string& into) {
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t full_groups = text.size() / 4 - (padding > 0 ? 1 : 0);
  into.resize(text.size() / 4 * 3 - padding);

  const char* in = text.data();
  char* out = into.data();
  std::uint32_t seen = 0;
  for (std::size_t group = 0; group < full_groups; ++group, in += 4, out += 3) {
    const std::uint32_t value = group_value(in[0], in[1], in[2], in[3]);
    seen |= value;
    out[0] = static_cast<char>(value >> 16);
    out[1] = static_cast<char>(value >> 8);
    out[2] = static_cast<char>(value);
  }
  if (padding > 0) {
    const std::uint32_t value = group_value(in[0], in[1], padding == 1 ? in[2] : 'A', 'A');
    seen |= value;
    // The last base64 character of a text may have bits that encode nothing. Refuse the text if
    // these bits are not zero. Otherwise two texts would decode to the same bytes, and somebody
    // could change the text of a signature while the signature stays valid.
    const std::uint32_t unused_bits = padding == 1 ? 0xFF : 0xFFFF;
    if ((value & unused_bits) != 0) return false;
    out[0] = static_cast<char>(value >> 16);
    if (padding == 1) out[1] = static_cast<char>(value >> 8);
  }
  return (seen & kForeign) == 0;
}

}  // namespace couponhook::base
