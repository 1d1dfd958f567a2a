#pragma once

/// \file
/// Tests of eight bytes of text at once, for code that looks at every byte of a notification. A
/// test marks bytes: it sets their high bits in its result. Marks of several tests are combined
/// with |. The lowest mark is always right, but it can cause wrong marks in higher bytes.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace couponhook::base {

/// Returns a word in which each of the eight bytes has this value.
[[nodiscard]] constexpr std::uint64_t repeat_byte(unsigned char byte) {
  return std::uint64_t{0x0101'0101'0101'0101} * byte;
}

/// Marks bytes that are less than `limit`, which is at most 0x80.
[[nodiscard]] constexpr std::uint64_t mark_below(std::uint64_t word, unsigned char limit) {
  return (word - repeat_byte(limit)) & ~word & repeat_byte(0x80);
}

/// Marks bytes that are this ASCII character.
[[nodiscard]] constexpr std::uint64_t mark_equal(std::uint64_t word, char ascii) {
  // The ASCII character changes no high bit, so `~word` serves for the changed word too, and the
  // compiler computes it once for all tests of a word.
  const std::uint64_t changed = word ^ repeat_byte(static_cast<unsigned char>(ascii));
  return (changed - repeat_byte(1)) & ~word & repeat_byte(0x80);
}

/// Returns a number of bytes at the start of the text in which `mark` marks no byte. At least the
/// last bytes, fewer than eight, are not looked at: the caller tests the rest one by one.
/// \param mark returns the marks of a word.
template <typename Mark>
[[nodiscard]] std::size_t unmarked_size(std::string_view text, const Mark& mark) {
  std::size_t size = 0;
  std::uint64_t word = 0;
  for (; text.size() - size >= sizeof word; size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    const std::uint64_t marks = mark(word);
    if (marks == 0) continue;
    // The lowest byte of a word is the first byte of the text only on little-endian machines.
    if constexpr (std::endian::native != std::endian::little) return size;
    return size + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
  }
  return size;
}

}  // namespace couponhook::base
