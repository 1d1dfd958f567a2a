// Checks which amounts of a refund count as possible, and how an amount is written in yuan.

#include "base/refund_amounts.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace couponhook::base {
namespace {

TEST(RefundAmounts, AreSoundUpToTheWholeOrder) {
  EXPECT_EQ(flaw_of(RefundAmounts{2300, 2300, 1800, 1800}), "");
  EXPECT_EQ(flaw_of(RefundAmounts{2300, 1, 1800, 0}), "");
  EXPECT_EQ(flaw_of(RefundAmounts{2300, 1000, 2300, 1000}), "") << "no coupon in the order";
  EXPECT_EQ(flaw_of(RefundAmounts{500, 500, 0, 0}), "") << "the coupons paid all of it";
  EXPECT_EQ(flaw_of(RefundAmounts{kFenMax, kFenMax, kFenMax, kFenMax}), "");
}

TEST(RefundAmounts, NameTheFirstImpossibleOne) {
  const auto flaw = [](const RefundAmounts& amounts) { return std::string(flaw_of(amounts)); };
  EXPECT_EQ(flaw({-1, 0, 0, 0}), "amount.total is not an amount of money");
  EXPECT_EQ(flaw({kFenMax + 1, 0, 0, 0}), "amount.total is not an amount of money");
  EXPECT_EQ(flaw({2300, -1, 1800, 0}), "amount.refund is not an amount of money");
  EXPECT_EQ(flaw({2300, 10, -1, 0}), "amount.payer_total is not an amount of money");
  EXPECT_EQ(flaw({2300, 10, 1800, -1}), "amount.payer_refund is not an amount of money");
  EXPECT_EQ(flaw({2300, 2301, 1800, 1800}), "amount.refund is more than amount.total");
  EXPECT_EQ(flaw({2300, 2300, 2301, 0}), "amount.payer_total is more than amount.total");
  EXPECT_EQ(flaw({2300, 100, 1800, 101}), "amount.payer_refund is more than amount.refund");
  EXPECT_EQ(flaw({2300, 2300, 1800, 1801}), "amount.payer_refund is more than amount.payer_total");
}

TEST(RefundAmounts, SayWhatWentBackToCoupons) {
  EXPECT_EQ((RefundAmounts{2300, 2300, 1800, 1800}.coupon_refund()), 500);
  EXPECT_EQ((RefundAmounts{2300, 1000, 2300, 1000}.coupon_refund()), 0);
}

TEST(CouponShare, IsAtMostWhatTheCouponPaid) {
  EXPECT_EQ(flaw_of(CouponShare{"1", 500, 500}), "");
  EXPECT_EQ(flaw_of(CouponShare{"1", 500, 501}),
            "promotion_detail.refund_amount is more than promotion_detail.amount");
  EXPECT_EQ(flaw_of(CouponShare{"1", -1, 0}), "promotion_detail.amount is not an amount of money");
  EXPECT_EQ(flaw_of(CouponShare{"1", 500, -1}),
            "promotion_detail.refund_amount is not an amount of money");
}

TEST(Yuan, HasTwoDecimals) {
  EXPECT_EQ(yuan(0), "0.00");
  EXPECT_EQ(yuan(5), "0.05");
  EXPECT_EQ(yuan(2300), "23.00");
  EXPECT_EQ(yuan(-1234), "-12.34");
  EXPECT_EQ(yuan(std::numeric_limits<std::int64_t>::min()), "-92233720368547758.08");
}

}  // namespace
}  // namespace couponhook::base
