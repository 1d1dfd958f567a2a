// Checks that a record of WeChat Pay (a row of its settlement file, or a coupon from a query) gives
// the same ledger entry as the notification of the same event. The tests convert records with the
// code in wechatpay/ and read the result with the code in handlers/.

#include "wechatpay/platform_record.hpp"

#include <gtest/gtest.h>

#include "handlers/coupon_event.hpp"
#include "handlers/ledger.hpp"
#include "handlers/notification.hpp"

namespace couponhook::server {
namespace {

using wechatpay::FlowKind;
using wechatpay::FlowRecord;
using wechatpay::PlatformRecord;

FlowRecord record() {
  FlowRecord record;
  record.coupon_id = "98674556";
  record.transaction_id = "4200002188202403057711223344";
  record.refund_id = "50300608882024030655667788990";
  record.time = "2024-03-05 07:58:41";
  record.mchid = "1900007702";
  return record;
}

/// Expects that the record `entry`, when it is read like a notification, gives a ledger entry with
/// the same kind, business key, payment and time.
void expect_same_fact(const PlatformRecord& entry) {
  const auto event = handlers::read_event(entry.event_type, entry.resource, {});
  const auto fact = handlers::ledger_entry(event, "");
  ASSERT_TRUE(fact) << entry.resource;
  EXPECT_EQ(base::to_string(fact->kind), base::to_string(entry.kind));
  EXPECT_EQ(fact->business_key, entry.business_key);
  EXPECT_EQ(fact->transaction_id, entry.transaction_id);
  EXPECT_EQ(fact->occurred_at, entry.occurred_at);
}

TEST(ConvertedRecords, OfUseFlowsAreRedemptions) {
  expect_same_fact(to_platform_record(FlowKind::kUse, record(), "9865888"));
}

TEST(ConvertedRecords, OfRefundFlowsAreRefunds) {
  expect_same_fact(to_platform_record(FlowKind::kRefund, record(), "9865888"));
}

TEST(ConvertedRecords, OfQueriedFavorCouponsAreRedemptions) {
  wechatpay::Coupon coupon;
  coupon.stock_id = "9865888";
  coupon.coupon_id = "98674556";
  coupon.status = "USED";
  coupon.consumption = {"2024-03-05T07:58:41+08:00", "1900007702", "4200", {}, {}};
  expect_same_fact(to_platform_record(coupon).value());
}

TEST(ConvertedRecords, OfQueriedBusifavorCouponsAreIssues) {
  wechatpay::BusifavorCoupon coupon;
  coupon.stock_id = "1205510000000046";
  coupon.coupon_code = "1205519870000017722031";
  coupon.receive_time = "2024-03-06T12:20:05+08:00";
  expect_same_fact(to_platform_record(coupon, "op1"));
}

TEST(ConvertedRecords, HaveIdsThatANotificationMayHave) {
  const std::string id = to_platform_record(FlowKind::kUse, record(), "9865888").notification_id();
  EXPECT_TRUE(handlers::parse_notification(
      R"({"id":")" + id +
          R"(","event_type":"COUPON.USE","resource":{"algorithm":"AEAD_AES_256_GCM","nonce":"123456789012","ciphertext":"AA=="}})",
      {}))
      << id;
}

}  // namespace
}  // namespace couponhook::server
