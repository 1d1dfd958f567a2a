// Checks the classes of ASCII characters against lists of all their members, and that bytes of
// other characters belong to none.

#include "base/ascii.hpp"

#include <gtest/gtest.h>

namespace couponhook::base {
namespace {

std::string members(bool (*is_member)(char)) {
  std::string found;
  for (int code = 0; code < 256; ++code) {
    if (is_member(static_cast<char>(code))) found += static_cast<char>(code);
  }
  return found;
}

TEST(Ascii, KnowsTheMembersOfEachClass) {
  EXPECT_EQ(members(is_digit), "0123456789");
  EXPECT_EQ(members(is_hex_digit), "0123456789ABCDEFabcdef");
  EXPECT_EQ(members(is_alphanumeric),
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

TEST(Ascii, ChangesTheCaseOfLettersOnly) {
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool is_letter = is_alphanumeric(c) && !is_digit(c);
    EXPECT_EQ(to_lower(c) != to_upper(c), is_letter) << code;
    EXPECT_TRUE(is_letter || to_lower(c) == c) << code;
  }
  EXPECT_EQ(lower_case("Coupon-9 É"), "coupon-9 É");
}

TEST(Ascii, ComparesTextsRegardlessOfCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(equals_ignoring_case("Content", "Content-Length"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_TRUE(starts_ignoring_case("WECHATPAY-Nonce", "Wechatpay-"));
  EXPECT_FALSE(starts_ignoring_case("Wechat", "Wechatpay-"));
}

}  // namespace
}  // namespace couponhook::base
