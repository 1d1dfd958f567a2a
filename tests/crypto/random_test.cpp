// Tests of random texts and UUIDs: they contain only allowed characters, each with the same
// probability. The tests use a predictable random source, so they can count the result of every
// byte value.

#include "crypto/random.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

/// Returns a random source that yields 0, 1, 2 … 255, and then starts again at 0.
RandomSource counting() {
  return [next = 0](std::span<unsigned char> bytes) mutable {
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(next++);
  };
}

RandomSource always(unsigned char value) {
  return [value](std::span<unsigned char> bytes) { std::ranges::fill(bytes, value); };
}

TEST(SystemRandom, FillsTheWholeSpan) {
  // If the random generator did not fill the whole buffer of 4096 bytes, the bytes at its end would
  // still be zero.
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
  // The predictable source yields all 256 byte values twice. Of these values, 248 give each of the
  // 62 characters four times; the other 8 are thrown away.
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
