// Tests of ids (of coupons, payments and others) in files. couponhook must never accept an id that
// a spreadsheet program changed, and must ignore characters that programs add around an id.

#include "wechatpay/identifier.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/wechat_time.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr Identifier kAll[] = {Identifier::kStockId,    Identifier::kCouponId,
                               Identifier::kCouponCode, Identifier::kTransactionId,
                               Identifier::kRefundId,   Identifier::kMchid,
                               Identifier::kOpenid,     Identifier::kAppid};

TEST(Identifiers, HaveAForm) {
  const struct {
    Identifier identifier;
    std::string text;
    bool has_form;
  } cases[] = {
      {Identifier::kTransactionId, "4200002188202403057711223344", true},
      {Identifier::kTransactionId, std::string(32, '1'), true},
      {Identifier::kTransactionId, std::string(33, '1'), false},
      {Identifier::kRefundId, "50300608882024030655667788990", true},
      {Identifier::kRefundId, "503-1", false},
      {Identifier::kStockId, "98065001", true},
      {Identifier::kStockId, std::string(21, '1'), false},
      {Identifier::kCouponId, "98674556", true},
      {Identifier::kCouponId, "9867455a", false},
      {Identifier::kCouponCode, "AB-3_x\\/=| 9", true},
      {Identifier::kCouponCode, "AB+3", false},
      {Identifier::kCouponCode, std::string(40, 'A'), true},
      {Identifier::kCouponCode, std::string(41, 'A'), false},
      {Identifier::kMchid, "1900007702", true},
      {Identifier::kOpenid, "oKp3f5Qw8_Example-Id", true},
      {Identifier::kOpenid, "o user", false},
      {Identifier::kAppid, "wx0123456789abcdef", true},
      {Identifier::kAppid, "wx,1", false},
  };
  for (const auto& [identifier, text, expected] : cases) {
    EXPECT_EQ(has_form(identifier, text), expected) << text;
  }
}

TEST(Identifiers, AreNoneOfWhatASpreadsheetMakesOfThem) {
  for (const Identifier identifier : kAll) {
    for (const char* text : {"", "4.2E+27", "4.2e27", "4,2E+27", "-4.2E+27", "4.20000E+0027",
                             "#VALUE!", "########", "\xEF\xBC\x94\xEF\xBC\x92", "4\n2",
                             "4\x1A"
                             "2",
                             "'", "`", "\"42\""}) {
      EXPECT_FALSE(has_form(identifier, text)) << text << form_of(identifier);
      EXPECT_NE(damage_of(identifier, without_marks(text)), "") << text;
    }
  }
  for (const Identifier identifier : {Identifier::kStockId, Identifier::kCouponId,
                                      Identifier::kTransactionId, Identifier::kRefundId}) {
    for (const char* text : {"98670003.0", "98,670,003", "98 670 003", "98670003-", "=98670003"}) {
      EXPECT_NE(damage_of(identifier, without_marks(text)), "") << text;
    }
  }
}

TEST(Identifiers, AreNoneWhereASpreadsheetHasRoundedThem) {
  const auto damage = [](const char* field) {
    return damage_of(Identifier::kTransactionId, without_marks(field));
  };
  EXPECT_NE(damage("4200002188202400000000000000").find("rounded"), std::string_view::npos);
  EXPECT_EQ(damage("`4200002188202400000000000000"), "") << "it was text: nothing rounded it";
  EXPECT_EQ(damage("4200002188202400000000000001"), "");
  EXPECT_EQ(damage("420000218820240"), "") << "fifteen digits are kept";
}

TEST(Identifiers, LoseTheMarksAroundThem) {
  for (const char* field : {"42", " 42 ", "`42", "'42", "=\"42\"", "\t42\r\n",
                            "\xC2\xA0"
                            "42",
                            "\xE3\x80\x80"
                            "42",
                            "42\xE2\x80\x8B",
                            "\xEF\xBB\xBF"
                            "42",
                            "` 42", "'`42", "=\"`42\"", "'=\"42\""}) {
    EXPECT_EQ(without_marks(field).text, "42") << field;
  }
  EXPECT_FALSE(without_marks(" 42 ").is_text);
  EXPECT_TRUE(without_marks("=\"42\"").is_text);
  for (const char* field : {"4'2", "4`2", "=42", "42'", "=\"42"}) {
    EXPECT_NE(without_marks(field).text, "42") << field;
  }
}

TEST(FileTimes, AreReadAsLongAsNothingIsLost) {
  const auto expected = base::parse_wechat_time("2026-03-05T07:58:41+08:00");
  for (const char* text : {"2026-03-05 07:58:41", "2026-03-05T07:58:41+08:00",
                           "2026-03-04T23:58:41Z", "20260305075841", "2026/3/5 7:58:41",
                           "2026-3-5 7:58:41", "2026/03/05 07:58:41", "2026-03-05 07:58:41.000"}) {
    EXPECT_EQ(base::parse_file_time(text), expected) << text;
  }
  for (const char* text :
       {"2026/3/5 7:58", "2026-03-05 07:58", "2026-03-05", "5/3/2026 7:58:41", "3/5/26 7:58:41",
        "46086.3324", "2026-03-05T07:58:41", "2026-03-05T07:58+08:00", "2026-03-05T07:58:+08:00",
        "2026/13/5 7:58:41", "2026/2/30 7:58:41", "2026-3/5 7:58:41", "2026/3/5 7:58:41 PM",
        "58:41.0", "", "-"}) {
    EXPECT_EQ(base::parse_file_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
