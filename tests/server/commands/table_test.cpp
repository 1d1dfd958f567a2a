// Checks that the columns of a printed table stay aligned with any content. The tests print cells
// with every kind of character and measure the width.

#include "server/commands/table.hpp"

#include <sstream>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

std::string printed(const Table& table) {
  std::ostringstream out;
  table.print(out);
  return out.str();
}

TEST(Table, KeepsColumnsApartThatAreLongerThanTheirHeading) {
  Table table{"id", "type", "state"};
  table.add({"n1", "DISCOUNT_CARD.AGREEMENT_ENDED.AND_MORE", "done"});
  table.add({"a-very-long-identifier-of-a-notification", "COUPON.USE", "dead"});
  EXPECT_EQ(
      printed(table),
      "id                                        type                                    state\n"
      "n1                                        DISCOUNT_CARD.AGREEMENT_ENDED.AND_MORE  done\n"
      "a-very-long-identifier-of-a-notification  COUPON.USE                              dead\n");
}

TEST(Table, CountsAWideCharacterAsTwoColumns) {
  Table table{"name", "x"};
  table.add({"早餐满20减5", "1"});
  table.add({"ascii", "2"});
  EXPECT_EQ(printed(table),
            "name         x\n"
            "早餐满20减5  1\n"
            "ascii        2\n");
}

TEST(Table, MeasuresCharactersAsATerminalShowsThem) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("优惠券"), 6U);
  EXPECT_EQ(display_width("ＡＢ"), 4U) << "full-width letters";
  EXPECT_EQ(display_width("ｱｲ"), 2U) << "half-width ones";
  EXPECT_EQ(display_width("한글"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U) << "a combining mark";
  EXPECT_EQ(display_width("é–…"), 3U);
  EXPECT_EQ(display_width("🎫"), 2U);
  EXPECT_EQ(display_width("\xff\xe4\xb8"), 3U) << "no UTF-8";
}

TEST(Table, LetsNoCellLeaveItsLineOrCommandTheTerminal) {
  Table table{"error", "x"};
  table.add({"one\ntwo\r\tthree", "1"});
  table.add({"\x1b[31mred\x7f\xc2\x9b", "2"});
  EXPECT_EQ(printed(table),
            "error           x\n"
            "one two  three  1\n"
            " [31mred        2\n");
}

TEST(Table, EndsARowBehindItsLastCellThatIsNotEmpty) {
  Table table{"a", "b"};
  table.add({"1", ""});
  EXPECT_EQ(printed(table), "a  b\n1\n");
}

}  // namespace
}  // namespace couponhook::server
