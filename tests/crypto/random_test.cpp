// Tests of random texts and UUIDs: they contain only allowed characters, each with the same
// probability. The tests use a random source that returns known bytes, so that they can count the
// characters that each byte value gives.

#include "crypto/random.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

/// Returns a random source for tests that returns the bytes 0, 1, 2 … 255, and then starts again at
/// 0.
RandomSource counting() {
  return [next = 0](std::span<unsigned char> bytes) mutable {
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(next++);
  };
}

RandomSource always(unsigned char value) {
  return [value](std::span<unsigned char> bytes) { std::ranges::fill(bytes, value); };
}

TEST(SystemRandom, FillsTheWholeSpan) {
  // A random generator that did not fill the whole buffer of 4096 bytes would leave zeros at its
  // end.
  std::array<unsigned char, 4096> bytes{};
  system_random()(bytes);
  EXPECT_NE(std::ranges::count(bytes, 0), 4096);
  EXPECT_TRUE(std::ranges::any_of(std::span{bytes}.last(16), [](auto byte) { return byte != 0; }));
}

TEST(SystemRandom, DoesNotRepeatItself) {
  EXPECT_NE(random_uuid(system_random()), random_uuid(system_random()));
}

TEST(RandomAlphanumeric, HasTheLengthAskedFor) {
  for (const std::size_t length : {0U, 1U, 32U, 63U, 64U, 65U, 1000U}) {
    EXPECT_EQ(random_alphanumeric(system_random(), length).size(), length);
  }
}

TEST(RandomAlphanumeric, MakesEveryCharacterEquallyLikely) {
  // The random source of this test returns each of the 256 byte values twice. 248 of the values
  // give each of the 62 characters four times; the generator must throw away the other 8.
  std::map<char, int> counts;
  for (const char character : random_alphanumeric(counting(), 496)) ++counts[character];
  EXPECT_EQ(counts.size(), 62U);
  EXPECT_THAT(counts, testing::Each(testing::Pair(testing::_, 8)));
}

TEST(RandomAlphanumeric, UsesDigitsAndAsciiLettersOnly) {
  EXPECT_THAT(random_alphanumeric(system_random(), 500), testing::MatchesRegex("[0-9A-Za-z]+"));
}

TEST(RandomUuid, MarksVersionAndVariantWhateverTheBytes) {
  EXPECT_EQ(random_uuid(always(0x00)), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(random_uuid(always(0xFF)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(RandomUuid, KeepsTheOtherBytes) {
  EXPECT_EQ(random_uuid(counting()), "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

}  // namespace
}  // namespace couponhook::crypto
