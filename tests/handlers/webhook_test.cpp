// Checks that the body of a webhook has the members that the documentation lists, and contains the
// decrypted part of the notification unchanged. The tests make webhook bodies for stored events and
// parse these bodies again.

#include "handlers/webhook.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace couponhook::handlers {
namespace {

const CouponEvent kUnread = OtherEvent{};

HandledEvent redemption() {
  return {"N-1",
          "1900000001",
          "COUPON.USE",
          "2026-03-05T07:58:41+08:00",
          1'772'668'722'000,
          "notification",
          R"({"coupon_id": "8001", "amount": 1.50})",
          kUnread,
          "19733211/8001"};
}

std::string text(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

TEST(WebhookType, NamesEventsAsReceiversReadThem) {
  EXPECT_EQ(webhook_type("COUPON.SEND"), "coupon.issued");
  EXPECT_EQ(webhook_type("PRODUCT_COUPON_SP.SEND"), "coupon.issued");
  EXPECT_EQ(webhook_type("COUPON.USE"), "coupon.redeemed");
  EXPECT_EQ(webhook_type("REFUND.SUCCESS"), "refund.succeeded");
  EXPECT_EQ(webhook_type("REFUND.ABNORMAL"), "refund.abnormal");
  EXPECT_EQ(webhook_type("REFUND.CLOSED"), "refund.closed");
}

TEST(WebhookType, GivesEveryOtherEventItsOwnNameInLowerCase) {
  EXPECT_EQ(webhook_type("SECURITY_ECHO.SUCCESS"), "security_echo.success");
  EXPECT_EQ(webhook_type("NEVER-seen.7"), "never-seen.7");
}

TEST(WebhookBody, HasTheDocumentedMembers) {
  const auto body = base::parse_object(webhook_body(redemption()), {});
  ASSERT_TRUE(body);
  EXPECT_EQ(body->value().MemberCount(), 3U);
  EXPECT_EQ(text((*body)["type"]), "coupon.redeemed");
  EXPECT_EQ(text((*body)["timestamp"]), "2026-03-04T23:58:41.000Z");
  const auto& data = (*body)["data"];
  EXPECT_EQ(data.MemberCount(), 6U);
  EXPECT_EQ(text(data["notification_id"]), "N-1");
  EXPECT_EQ(text(data["mchid"]), "1900000001");
  EXPECT_EQ(text(data["event_type"]), "COUPON.USE");
  EXPECT_EQ(text(data["create_time"]), "2026-03-05T07:58:41+08:00");
  EXPECT_EQ(text(data["source"]), "notification");
  EXPECT_EQ(text(data["resource"]["coupon_id"]), "8001");
}

HandledEvent refund_event(const CouponEvent& event) {
  return {"N-2",
          "1900000001",
          "REFUND.SUCCESS",
          "2026-03-05T07:58:41+08:00",
          1'772'668'722'000,
          "notification",
          "{}",
          event,
          "4200001"};
}

TEST(WebhookBody, SaysWhatARefundReturnedToCoupons) {
  OrderRefunded refunded;
  refunded.refund_id = "501";
  refunded.amounts = base::RefundAmounts{2300, 1000, 1800, 783};
  refunded.shares = {{"8001", 500, 217}};
  const CouponEvent event = refunded;
  const auto body = base::parse_object(webhook_body(refund_event(event)), {});
  ASSERT_TRUE(body);
  const auto& refund = (*body)["data"]["refund"];
  EXPECT_EQ(text(refund["refund_id"]), "501");
  EXPECT_EQ(text(refund["status"]), "SUCCESS");
  EXPECT_EQ(refund["total"].GetInt64(), 2300);
  EXPECT_EQ(refund["refund"].GetInt64(), 1000);
  EXPECT_EQ(refund["payer_total"].GetInt64(), 1800);
  EXPECT_EQ(refund["payer_refund"].GetInt64(), 783);
  EXPECT_EQ(refund["coupon_refund"].GetInt64(), 217);
  EXPECT_EQ(text(refund["coupons"][0]["coupon_id"]), "8001");
  EXPECT_EQ(refund["coupons"][0]["refund_amount"].GetInt64(), 217);
}

TEST(WebhookBody, LeavesOutAmountsThatAreNotKnown) {
  const CouponEvent event = OrderRefunded{};
  const auto body = base::parse_object(webhook_body(refund_event(event)), {});
  ASSERT_TRUE(body);
  EXPECT_FALSE((*body)["data"].HasMember("refund"));
}

TEST(WebhookBody, CarriesTheResourceByteForByte) {
  EXPECT_NE(webhook_body(redemption()).find(R"("resource":{"coupon_id": "8001", "amount": 1.50}})"),
            std::string::npos);
}

TEST(WebhookBody, IsTheSameAtEveryAttempt) {
  HandledEvent again = redemption();
  again.attempt = 7;
  EXPECT_EQ(webhook_body(again), webhook_body(redemption()));
}

TEST(WebhookBody, HasTheTimeOfReceiptIfItsOwnTimeIsInvalid) {
  HandledEvent event = redemption();
  event.create_time = "yesterday";
  const auto body = base::parse_object(webhook_body(event), {});
  ASSERT_TRUE(body);
  EXPECT_EQ(text((*body)["timestamp"]), "2026-03-04T23:58:42.000Z");
  EXPECT_EQ(text((*body)["data"]["create_time"]), "yesterday");
}

TEST(WebhookBody, SendsAResourceThatIsNoJsonAsAString) {
  HandledEvent event = redemption();
  event.resource = "}\"quoted\"";
  const auto body = base::parse_object(webhook_body(event), {});
  ASSERT_TRUE(body) << "nothing gets out of its place";
  EXPECT_EQ(text((*body)["data"]["resource"]), "}\"quoted\"");
}

TEST(WebhookBody, SendsAnObjectWithFlawsRepaired) {
  HandledEvent event = redemption();
  event.resource = "{\"coupon_id\":\"8001\",\"description\":\"a\nb \xFF\",\"price\":1.50,}";
  const std::string sent = webhook_body(event);
  const auto body = base::parse_object(sent, {});
  ASSERT_TRUE(body) << sent;
  EXPECT_EQ(text((*body)["data"]["resource"]["coupon_id"]), "8001");
  EXPECT_EQ(text((*body)["data"]["resource"]["description"]), "a\nb \uFFFD");
  EXPECT_NE(sent.find("\"price\":1.50"), std::string::npos);
}

TEST(WebhookBody, SendsNullForBytesThatAreNoText) {
  HandledEvent event = redemption();
  event.resource = "\xFF\xFE";
  const auto body = base::parse_object(webhook_body(event), {});
  ASSERT_TRUE(body);
  EXPECT_TRUE((*body)["data"]["resource"].IsNull());
}

}  // namespace
}  // namespace couponhook::handlers
