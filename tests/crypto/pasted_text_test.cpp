// Tests of keys and secrets that people pasted into a file. Characters that do not belong to the
// key are removed if it is clear what the key is; otherwise the error message names these
// characters.

#include "crypto/pasted_text.hpp"

#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

TEST(PastedText, StripsInvisibleCharactersAtItsEnds) {
  for (const std::string_view text :
       {"id", " id ", "\tid\r\n", "id\xC2\xA0", "id\xE2\x80\x8B", "\xEF\xBB\xBFid",
        "id\xE3\x80\x80", "id\xE2\x80\x8E\xE2\x80\xAC", "\xC2\xADid"}) {
    EXPECT_EQ(strip_blanks(text), "id") << text;
  }
  EXPECT_EQ(strip_blanks("a b"), "a b");
  EXPECT_EQ(strip_blanks(" \xFF "), "\xFF") << "bytes that are no UTF-8 stay";
  EXPECT_EQ(strip_blanks("\xE2\x80\x8B"), "");
}

TEST(PastedText, IsCleanedOfQuotesAndWidth) {
  for (const std::string_view text :
       {"PUB_1", "\"PUB_1\"", "'PUB_1'", "`PUB_1`", "\xE2\x80\x9CPUB_1\xE2\x80\x9D", "\" PUB_1 \"",
        "PUB_\xEF\xBC\x91", "\xEF\xBC\xB0UB_1", "PUB\xE2\x80\x8B_1",
        "\xE3\x80\x8CPUB_1\xE3\x80\x8D"}) {
    EXPECT_EQ(clean_pasted(text), "PUB_1") << text;
  }
}

TEST(PastedText, ReportsUnusualCharacters) {
  EXPECT_EQ(find_unusual_char("abc-_.9"), std::nullopt);
  EXPECT_EQ(find_unusual_char("a b"), "a blank");
  EXPECT_EQ(find_unusual_char("a\tb"), "a tab");
  EXPECT_EQ(find_unusual_char("a\xC2\xA0"), "a no-break space (U+00A0)");
  EXPECT_EQ(find_unusual_char("\xEF\xBC\x91"), "a full-width character (U+FF11)");
  EXPECT_EQ(find_unusual_char("\xC3\xA9"), "a character outside of ASCII (U+00E9)");
  EXPECT_EQ(find_unusual_char("a\xFF"), "a byte that is not UTF-8");
  EXPECT_EQ(find_unusual_char(std::string_view("a\0", 2)), "a NUL byte");
}

TEST(PastedText, IsDecodedAsStrictUtf8) {
  EXPECT_EQ(first_char("\xF0\x9F\x98\x80").code, 0x1F600U);
  for (const std::string_view bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x80",
                                     "\x80", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(first_char(bad).code, std::nullopt);
    EXPECT_EQ(first_char(bad).size, 1U);
  }
}

TEST(PastedText, InQuotesIsKnown) {
  EXPECT_TRUE(stands_in_quotes("\"a\""));
  EXPECT_TRUE(
      stands_in_quotes("\xE2\x80\x9C"
                       "a\xE2\x80\x9D"));
  EXPECT_FALSE(stands_in_quotes("\"a"));
  EXPECT_FALSE(stands_in_quotes("a"));
  EXPECT_FALSE(stands_in_quotes(""));
}

}  // namespace
}  // namespace couponhook::crypto
