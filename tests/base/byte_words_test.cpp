// Tests of eight bytes at once: they find what a look at each byte finds.

#include "base/byte_words.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace couponhook::base {
namespace {

std::uint64_t word_of(const std::string& bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

/// Calls the function `check` with every byte value at every place of eight bytes. The other bytes
/// have values from all over the range, because a byte must not change the test of another one.
template <typename Check>
void for_every_byte(const Check& check) {
  for (const char around : {'\x00', '\x01', '\x1F', ' ', 'x', '\x7F', '\x80', '\xFF'}) {
    for (int value = 0; value < 256; ++value) {
      for (std::size_t place = 0; place < sizeof(std::uint64_t); ++place) {
        std::string bytes(sizeof(std::uint64_t), around);
        bytes[place] = static_cast<char>(value);
        check(bytes);
      }
    }
  }
}

/// Expects the first mark of a word at the first byte for which `is_wanted` is true, and no mark if
/// there is no such byte.
template <typename IsWanted>
void expect_first(const std::string& bytes, std::uint64_t marks, const IsWanted& is_wanted) {
  const auto found = std::ranges::find_if(bytes, is_wanted);
  ASSERT_EQ(marks != 0, found != bytes.end());
  if (std::endian::native != std::endian::little || marks == 0) return;
  ASSERT_EQ(std::countr_zero(marks), (found - bytes.begin()) * 8 + 7);
}

TEST(ByteWords, MarkTheFirstByteBelowALimit) {
  for_every_byte([](const std::string& bytes) {
    for (const int limit : {1, 0x20, 0x7F, 0x80}) {
      const auto is_below = [&](char c) { return static_cast<unsigned char>(c) < limit; };
      expect_first(bytes, mark_below(word_of(bytes), static_cast<unsigned char>(limit)), is_below);
    }
  });
}

TEST(ByteWords, MarkTheFirstEqualByte) {
  for_every_byte([](const std::string& bytes) {
    for (const char wanted : {'\x00', '\x01', '"', '\\', '\x7F'}) {
      const auto is_equal = [&](char c) { return c == wanted; };
      expect_first(bytes, mark_equal(word_of(bytes), wanted), is_equal);
    }
  });
}

TEST(ByteWords, StopAtTheFirstMarkOrBeforeTheLastBytes) {
  const auto mark = [](std::uint64_t word) { return mark_equal(word, '!'); };
  const bool little = std::endian::native == std::endian::little;
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'x');
    const std::size_t looked_at = size / 8 * 8;
    EXPECT_EQ(unmarked_size(text, mark), looked_at);
    for (std::size_t place = 0; place < size; ++place) {
      text[place] = '!';
      EXPECT_EQ(unmarked_size(text, mark), std::min(looked_at, little ? place : place / 8 * 8));
      text[place] = 'x';
    }
  }
}

}  // namespace
}  // namespace couponhook::base
