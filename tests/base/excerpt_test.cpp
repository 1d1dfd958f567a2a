// Tests of printable excerpts, which make text from untrusted sources safe for logs and web pages.
// The tests use text with characters that a terminal, JSON or HTML would interpret, and length
// limits that fall inside a UTF-8 character.

#include "base/excerpt.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

TEST(Excerpt, IsOneLineWithoutControlCharacters) {
  EXPECT_EQ(base::excerpt("  a\r\n\tb\x1b[31m\x7f c\n", 100), "a b [31m c");
  EXPECT_EQ(base::excerpt(std::string_view("a\0b", 3), 100), "a b");
  EXPECT_EQ(base::excerpt("\xC2\x9B"
                          "1m\xE2\x80\xAE"
                          "abc\xEF\xBB\xBF",
                          100),
            "1m abc");
}

TEST(Excerpt, IsValidUtf8) {
  EXPECT_EQ(base::excerpt("\xE4\xBD\xA0\xE5\xA5\xBD", 100), "\xE4\xBD\xA0\xE5\xA5\xBD");
  EXPECT_EQ(base::excerpt("a\xFF\xC0\x80\xED\xA0\x80z", 100),
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(Excerpt, IsBoundedAndCutBetweenCharacters) {
  EXPECT_EQ(base::excerpt(std::string(1000, 'x'), 10), "xxxxxxx...");
  EXPECT_EQ(base::excerpt("0123456789", 10), "0123456789");
  EXPECT_EQ(base::excerpt("\xE4\xBD\xA0\xE4\xBD\xA0\xE4\xBD\xA0\xE4\xBD\xA0", 10),
            "\xE4\xBD\xA0\xE4\xBD\xA0...");
  EXPECT_LE(base::excerpt(std::string(1000, '\xFF'), 10).size(), 10U);
  EXPECT_EQ(base::excerpt("", 10), "");
}

TEST(LastLines, AreTheLastThatFit) {
  EXPECT_EQ(base::last_lines("one\ntwo\n\nthree\r\n", 100), "one | two | three");
  EXPECT_EQ(base::last_lines("one\ntwo\nthree\n", 12), "two | three");
  EXPECT_EQ(base::last_lines("", 12), "");
  EXPECT_EQ(base::last_lines("\n\n", 12), "");
}

TEST(LastLines, AreTheEndOfOneThatDoesNotFit) {
  EXPECT_EQ(base::last_lines("first\n" + std::string(100, 'x') + "end", 10), "...xxxxend");
  EXPECT_LE(base::last_lines("first\n" + std::string(100, 'x'), 10).size(), 10U);
}

}  // namespace
}  // namespace couponhook::server
