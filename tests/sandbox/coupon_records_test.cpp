// Checks that the records of the sandbox (a simulated WeChat Pay) follow WeChat Pay's rules for
// stocks (batches of coupons, 批次), coupons and payments. The tests call the class Books directly,
// without a clock or I/O.

#include "sandbox/coupon_records.hpp"

#include <gtest/gtest.h>

namespace couponhook::server::sandbox {
namespace {

const Time kNow{std::chrono::seconds(1'763'700'000)};
constexpr auto kCreator = "1900000001";

StockTerms terms(std::int64_t max_coupons = 100) {
  StockTerms terms;
  terms.out_request_no = "create-1";
  terms.available_from = kNow;
  terms.available_until = kNow + std::chrono::days(30);
  terms.max_coupons = max_coupons;
  terms.max_coupons_per_user = 2;
  terms.coupon_amount = 500;
  terms.transaction_minimum = 2000;
  return terms;
}

class SandboxRecords : public ::testing::Test {
 protected:
  std::string create_running(std::int64_t max_coupons = 100) {
    const std::string id = (*records_.create_stock(kCreator, terms(max_coupons), kNow))->id;
    EXPECT_TRUE(records_.change_stock(StockChange::kStart, id, kCreator, kNow));
    return id;
  }
  Result<const Coupon*> send(const std::string& stock_id, const std::string& number,
                             const std::string& openid = "oUser", Time now = kNow) {
    return records_.send({stock_id, openid, "wx1", kCreator, kCreator, number}, now);
  }
  Result<const Transaction*> redeem(const std::string& coupon_id, std::int64_t total = 0) {
    return records_.redeem({{}, coupon_id, {}, {}, total, {}}, kNow);
  }

  SeededRandom chance_{1};
  CouponRecords records_{chance_};
};

TEST_F(SandboxRecords, CreateAStockOncePerRequestNumber) {
  const Stock* first = *records_.create_stock(kCreator, terms(), kNow);
  EXPECT_EQ(*records_.create_stock(kCreator, terms(), kNow), first);
  EXPECT_EQ(records_.create_stock(kCreator, terms(99), kNow).error().code, "INVALID_REQUEST");
  EXPECT_NE(*records_.create_stock("1900000002", terms(), kNow), first);
}

TEST_F(SandboxRecords, AllowOnlyValidStateChangesOfAStock) {
  const std::string id = (*records_.create_stock(kCreator, terms(), kNow))->id;
  EXPECT_FALSE(records_.change_stock(StockChange::kPause, id, kCreator, kNow));
  EXPECT_TRUE(records_.change_stock(StockChange::kStart, id, kCreator, kNow));
  EXPECT_FALSE(records_.change_stock(StockChange::kStart, id, kCreator, kNow));
  EXPECT_TRUE(records_.change_stock(StockChange::kPause, id, kCreator, kNow));
  EXPECT_TRUE(records_.change_stock(StockChange::kRestart, id, kCreator, kNow));
  EXPECT_TRUE(records_.change_stock(StockChange::kStop, id, kCreator, kNow));
  EXPECT_FALSE(records_.change_stock(StockChange::kRestart, id, kCreator, kNow));
}

TEST_F(SandboxRecords, LetOnlyTheCreatorChangeAStock) {
  const std::string id = create_running();
  EXPECT_EQ(records_.change_stock(StockChange::kPause, id, "1900000002", kNow).error().code,
            "REQUEST_BLOCKED");
}

TEST_F(SandboxRecords, RefundAPaymentInPartsWithoutLosingAFen) {
  const std::string coupon = (*send(create_running(), "1"))->id;
  const std::string paid = (*redeem(coupon, 3000))->id;
  std::int64_t payer = 0;
  std::int64_t all = 0;
  for (const std::int64_t amount : {1000, 1, 999, 1000}) {
    const Refund* part = *records_.refund({.transaction_id = paid, .amount = amount}, kNow);
    payer += part->payer_amount;
    all += part->amount;
  }
  EXPECT_EQ(all, 3000);
  EXPECT_EQ(payer, 2500);
}

TEST_F(SandboxRecords, FindARefundByTheNumberOfTheMerchant) {
  const std::string coupon = (*send(create_running(), "1"))->id;
  const std::string paid = (*redeem(coupon, 3000))->id;
  const RefundOrder order{.transaction_id = paid, .amount = 100, .out_refund_no = "RF1"};
  const auto made = records_.refund(order, kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ(records_.find_refund("RF1"), *made);
  EXPECT_EQ(records_.refund(order, kNow).error().code, "INVALID_REQUEST");
  EXPECT_EQ(records_.find_refund("RF2"), nullptr);
}

TEST_F(SandboxRecords, SendACouponOncePerRequestNumber) {
  const std::string id = create_running();
  const Coupon* first = *send(id, "1");
  EXPECT_EQ(*send(id, "1"), first);
  EXPECT_NE(*send(id, "2"), first);
  EXPECT_EQ(send(id, "1", "oAnother").error().code, "INVALID_REQUEST");
  EXPECT_EQ(records_.find_stock(id)->distributed, 2);
}

TEST_F(SandboxRecords, KeepAStocksLimits) {
  const std::string id = create_running(3);
  ASSERT_TRUE(send(id, "1"));
  ASSERT_TRUE(send(id, "2"));
  EXPECT_EQ(send(id, "3").error().code, "REQUEST_BLOCKED");
  ASSERT_TRUE(send(id, "4", "oAnother"));
  EXPECT_EQ(send(id, "5", "oThird").error().code, "NOT_ENOUGH");
}

TEST_F(SandboxRecords, SendNoCouponAfterTheEnd) {
  const std::string id = create_running();
  EXPECT_FALSE(send(id, "1", "oUser", kNow + std::chrono::days(31)));
}

TEST_F(SandboxRecords, RedeemACouponOnce) {
  const Coupon* coupon = *send(create_running(), "1");
  const Transaction* paid = *redeem(coupon->id);
  EXPECT_EQ(coupon->transaction_id, paid->id);
  EXPECT_EQ(paid->discount, 500);
  EXPECT_EQ(redeem(coupon->id).error().code, "INVALID_REQUEST");
  EXPECT_EQ(redeem("1").error().code, "RESOURCE_NOT_EXISTS");
}

TEST_F(SandboxRecords, RefundNoMoreThanWasPaid) {
  const Transaction* paid = *redeem((*send(create_running(), "1"))->id, 2000);
  EXPECT_EQ((*records_.refund({paid->id, 1500}, kNow))->amount, 1500);
  EXPECT_FALSE(records_.refund({paid->id, 501}, kNow));
  EXPECT_EQ((*records_.refund({paid->id, 0}, kNow))->amount, 500);
  EXPECT_FALSE(records_.refund({paid->id, 0}, kNow));
  EXPECT_EQ(records_.refunds_of(paid->id).size(), 2U);
}

TEST_F(SandboxRecords, RefundACouponsShareInProportion) {
  const Transaction* paid = *redeem((*send(create_running(), "1"))->id, 2000);
  EXPECT_EQ((*records_.refund({paid->id, 1000}, kNow))->payer_amount, 750);
}

TEST_F(SandboxRecords, DoNotCountARefundThatFailed) {
  const Transaction* paid = *redeem((*send(create_running(), "1"))->id, 2000);
  ASSERT_TRUE(records_.refund({paid->id, 2000, "ABNORMAL"}, kNow));
  EXPECT_TRUE(records_.refund({paid->id, 2000, "SUCCESS"}, kNow));
}

TEST_F(SandboxRecords, CreateABusifavorStockWithItsFirstCoupon) {
  bool is_new = false;
  const SendOrder order{"77", "oUser", "wx1", kCreator, kCreator, "1", "MINIAPP", ""};
  const Coupon* coupon = *records_.issue(order, kNow, is_new);
  EXPECT_TRUE(is_new);
  EXPECT_EQ(coupon->id.size(), 22U);
  EXPECT_EQ(*records_.issue(order, kNow, is_new), coupon);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(records_.find_stock("77")->product, Product::kBusifavor);
}

TEST_F(SandboxRecords, UseACodeOnce) {
  bool is_new = false;
  SendOrder order{"77", "oUser", "wx1", kCreator, kCreator, "1", "H5", "CODE-1"};
  EXPECT_EQ((*records_.issue(order, kNow, is_new))->id, "CODE-1");
  order.out_request_no = "2";
  EXPECT_FALSE(records_.issue(order, kNow, is_new));
}

TEST(SandboxChance, SaysTheSameForTheSameSeed) {
  SeededRandom first(7);
  SeededRandom second(7);
  SeededRandom other(8);
  EXPECT_EQ(first.digits("42", 28), second.digits("42", 28));
  EXPECT_EQ(first.uuid(), second.uuid());
  EXPECT_NE(first.uuid(), other.uuid());
}

TEST(SandboxChance, HappensAboutAsOftenAsItShould) {
  SeededRandom chance(1);
  int happened = 0;
  for (int i = 0; i < 10000; ++i) happened += chance.happens(10) ? 1 : 0;
  EXPECT_GT(happened, 800);
  EXPECT_LT(happened, 1200);
  EXPECT_FALSE(chance.happens(0));
  EXPECT_TRUE(chance.happens(100));
}

}  // namespace
}  // namespace couponhook::server::sandbox
