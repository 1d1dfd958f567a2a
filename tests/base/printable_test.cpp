// Checks that printable text keeps every visible character, and replaces all others one by one.

#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace couponhook::base {
namespace {

TEST(Printable, KeepsVisibleCharacters) {
  EXPECT_EQ(printable("abc  优惠券 🎫 é"), "abc  优惠券 🎫 é");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, ReplacesEachControlCharacterByOneBlank) {
  EXPECT_EQ(printable("a\r\n\tb"), "a   b");
  EXPECT_EQ(printable("\x1b[31m\x7f"), " [31m ");
  EXPECT_EQ(printable("\xC2\x9B"
                      "1m"),
            " 1m")
      << "the control character of ISO 6429 that begins a terminal command";
}

TEST(Printable, ReplacesMarksThatHideOrTurnText) {
  EXPECT_EQ(printable("a\u202Eb"), "a b") << "right-to-left override";
  EXPECT_EQ(printable("a\u200Bb"), "a b") << "zero-width space";
  EXPECT_EQ(printable("\uFEFFa"), " a") << "byte order mark";
}

TEST(Printable, ReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(printable("a\xFF\xE4\xB8z"), "a\uFFFD\uFFFD\uFFFDz");
  EXPECT_EQ(printable("\x9B"), "\uFFFD");
}

}  // namespace
}  // namespace couponhook::base
