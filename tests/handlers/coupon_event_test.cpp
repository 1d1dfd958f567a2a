// Tests of parsing coupon events from resources (the decrypted parts of notifications). The parser
// must read every form of a resource that was seen in real notifications. For a resource that it
// cannot read, it must return a reason that contains nothing of the data. Each test changes one
// thing in a valid resource.

#include "handlers/coupon_event.hpp"

#include <string>

#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

CouponEvent read(std::string_view event_type, std::string_view resource) {
  return read_event(event_type, resource, {});
}

std::string unreadable(std::string_view event_type, std::string_view resource) {
  const CouponEvent event = read(event_type, resource);
  const auto* other = std::get_if<OtherEvent>(&event);
  return other == nullptr ? "it was readable" : other->unreadable;
}

/// Returns the event that is parsed from a COUPON.SEND notification whose field attach_info has the
/// given JSON value. If the given text is empty, the notification has no such field.
CouponIssued issued_with(const std::string& attach_info) {
  const std::string last = attach_info.empty() ? "" : ",\"attach_info\":" + attach_info;
  return std::get<CouponIssued>(
      read("COUPON.SEND", R"({"stock_id":"S1","coupon_code":"C1")" + last + "}"));
}

OrderRefunded refunded(std::string_view event_type, const std::string& fields) {
  return std::get<OrderRefunded>(
      read(event_type, R"({"transaction_id":"T1","refund_id":"R1")" + fields + "}"));
}

TEST(CouponIssued, ReadsEveryField) {
  const auto issued = std::get<CouponIssued>(read("COUPON.SEND", R"({
      "event_type":"EVENT_TYPE_BUSICOUPON_SEND","coupon_code":"C1","stock_id":"S1",
      "send_time":"2024-03-06T12:20:05+08:00","openid":"oExampleOpenid","unionid":"uExample",
      "send_channel":"BUSICOUPON_SEND_CHANNEL_PAYGIFT","send_merchant":"1900007701",
      "attach_info":{"transaction_id":"T1","act_code":"A1","hall_code":"H1",
        "hall_belong_mch_id":"1900007703","card_id":"K1","code":"N1","activity_id":"V1"},
      "send_req_no":"Q1"})"));
  EXPECT_EQ(issued.stock_id, "S1");
  EXPECT_EQ(issued.coupon_code, "C1");
  EXPECT_EQ(issued.send_time, "2024-03-06T12:20:05+08:00");
  EXPECT_EQ(issued.openid, "oExampleOpenid");
  EXPECT_EQ(issued.unionid, "uExample");
  EXPECT_EQ(issued.send_channel, "BUSICOUPON_SEND_CHANNEL_PAYGIFT");
  EXPECT_EQ(issued.send_merchant, "1900007701");
  EXPECT_EQ(issued.send_request_no, "Q1");
  ASSERT_TRUE(issued.attach_info);
  EXPECT_EQ(issued.attach_info->transaction_id, "T1");
  EXPECT_EQ(issued.attach_info->act_code, "A1");
  EXPECT_EQ(issued.attach_info->hall_code, "H1");
  EXPECT_EQ(issued.attach_info->hall_belong_mch_id, "1900007703");
  EXPECT_EQ(issued.attach_info->card_id, "K1");
  EXPECT_EQ(issued.attach_info->code, "N1");
  EXPECT_EQ(issued.attach_info->activity_id, "V1");
}

TEST(CouponIssued, HasNoAttachmentWhereTrafficSendsAnEmptyString) {
  for (const char* none : {"", "\"\"", "null", "[]", "7"}) {
    EXPECT_FALSE(issued_with(none).attach_info) << none;
  }
  EXPECT_TRUE(issued_with("{}").attach_info);
}

TEST(CouponIssued, ReadsTheHallsMerchantFromANumberToo) {
  EXPECT_EQ(issued_with(R"({"hall_belong_mch_id":1900007703})").attach_info->hall_belong_mch_id,
            "1900007703");
  EXPECT_EQ(issued_with(R"({"hall_belong_mch_id":1.5})").attach_info->hall_belong_mch_id, "");
}

TEST(CouponIssued, ReadsItsIdentifiersFromNumbersToo) {
  const auto issued = std::get<CouponIssued>(
      read("COUPON.SEND", R"({"stock_id":1205510000000046,"coupon_code":18446744073709551615})"));
  EXPECT_EQ(issued.stock_id, "1205510000000046");
  EXPECT_EQ(issued.coupon_code, "18446744073709551615");
}

TEST(CouponIssued, ReadsTheNamesOfProductCoupons) {
  const auto issued =
      std::get<CouponIssued>(read("PRODUCT_COUPON_SP.SEND", R"({"stock_id":"S1","coupon_code":"C1",
          "receive_time":"2025-11-20T09:30:00+08:00","send_request_no":"BR1"})"));
  EXPECT_EQ(issued.send_time, "2025-11-20T09:30:00+08:00");
  EXPECT_EQ(issued.send_request_no, "BR1");
}

TEST(CouponRedeemed, ReadsEveryField) {
  const auto redeemed = std::get<CouponRedeemed>(read("COUPON.USE", R"({
      "stock_creator_mchid":"1900007701","stock_id":"S1","coupon_id":"C1","coupon_name":"早餐券",
      "coupon_type":"NORMAL","business_type":"MULTIUSE",
      "normal_coupon_information":{"coupon_amount":500,"transaction_minimum":2000},
      "consume_information":{"consume_time":"2024-03-05T07:58:41+08:00",
        "consume_mchid":"1900007702","transaction_id":"T1","consume_amount":300,
        "goods_detail":[{"goods_id":"G1","quantity":2,"price":600,"discount_amount":50},
                        "not goods",{"goods_id":"G2"}]}})"));
  EXPECT_EQ(redeemed.stock_creator_mchid, "1900007701");
  EXPECT_EQ(redeemed.stock_id, "S1");
  EXPECT_EQ(redeemed.coupon_id, "C1");
  EXPECT_EQ(redeemed.coupon_name, "早餐券");
  EXPECT_EQ(redeemed.coupon_type, "NORMAL");
  EXPECT_EQ(redeemed.business_type, "MULTIUSE");
  EXPECT_EQ(redeemed.consume_time, "2024-03-05T07:58:41+08:00");
  EXPECT_EQ(redeemed.consume_mchid, "1900007702");
  EXPECT_EQ(redeemed.transaction_id, "T1");
  EXPECT_EQ(redeemed.consume_amount, 300);
  EXPECT_EQ(redeemed.coupon_amount, 500);
  EXPECT_EQ(redeemed.transaction_minimum, 2000);
  ASSERT_EQ(redeemed.goods_detail.size(), 2U);
  EXPECT_EQ(redeemed.goods_detail[0].goods_id, "G1");
  EXPECT_EQ(redeemed.goods_detail[0].quantity, 2);
  EXPECT_EQ(redeemed.goods_detail[0].price, 600);
  EXPECT_EQ(redeemed.goods_detail[0].discount_amount, 50);
  EXPECT_EQ(redeemed.goods_detail[1].goods_id, "G2");
}

TEST(CouponRedeemed, TakesOptionalFieldsOfAnotherTypeAsAbsent) {
  const auto redeemed = std::get<CouponRedeemed>(read("COUPON.USE", R"({"stock_id":"S1",
      "coupon_id":"C1","coupon_name":7,"normal_coupon_information":"none",
      "consume_information":{"transaction_id":"T1","consume_amount":"3","goods_detail":{}}})"));
  EXPECT_EQ(redeemed.coupon_name, "");
  EXPECT_FALSE(redeemed.coupon_amount);
  EXPECT_FALSE(redeemed.consume_amount);
  EXPECT_TRUE(redeemed.goods_detail.empty());
}

TEST(CouponRedeemed, ReadsItsIdentifiersFromNumbersToo) {
  const auto redeemed = std::get<CouponRedeemed>(read("COUPON.USE", R"({"stock_id":19733211,
      "coupon_id":80231900457,"consume_information":{"transaction_id":4200001}})"));
  EXPECT_EQ(redeemed.stock_id, "19733211");
  EXPECT_EQ(redeemed.coupon_id, "80231900457");
  EXPECT_EQ(redeemed.transaction_id, "4200001");
}

TEST(OrderRefunded, ReadsEveryField) {
  const auto refund = refunded("REFUND.SUCCESS", R"(,"mchid":"1900007701","out_trade_no":"SO1",
      "out_refund_no":"RF1","refund_status":"SUCCESS","success_time":"2024-03-06T10:02:33+08:00",
      "amount":{"total":2300,"refund":2000,"payer_total":1800,"payer_refund":1600})");
  EXPECT_EQ(refund.status, OrderRefunded::Status::kSuccess);
  EXPECT_EQ(refund.mchid, "1900007701");
  EXPECT_EQ(refund.out_trade_no, "SO1");
  EXPECT_EQ(refund.transaction_id, "T1");
  EXPECT_EQ(refund.out_refund_no, "RF1");
  EXPECT_EQ(refund.refund_id, "R1");
  EXPECT_EQ(refund.success_time, "2024-03-06T10:02:33+08:00");
  EXPECT_EQ(refund.total, 2300);
  EXPECT_EQ(refund.refund, 2000);
  EXPECT_EQ(refund.payer_total, 1800);
  EXPECT_EQ(refund.payer_refund, 1600);
  EXPECT_EQ(refund.coupon_part(), 400);
}

TEST(OrderRefunded, ReadsItsIdentifiersFromNumbersToo) {
  const auto refund = std::get<OrderRefunded>(
      read("REFUND.SUCCESS", R"({"transaction_id":4200001,"refund_id":5030000001})"));
  EXPECT_EQ(refund.transaction_id, "4200001");
  EXPECT_EQ(refund.refund_id, "5030000001");
}

TEST(OrderRefunded, ReadsThePartnerForm) {
  const auto refund =
      refunded("REFUND.SUCCESS", R"(,"sp_mchid":"1900007700","sub_mchid":"1900007704")");
  EXPECT_EQ(refund.mchid, "");
  EXPECT_EQ(refund.sp_mchid, "1900007700");
  EXPECT_EQ(refund.sub_mchid, "1900007704");
}

TEST(OrderRefunded, UsesTheStatusOrElseTheEventType) {
  using Status = OrderRefunded::Status;
  EXPECT_EQ(refunded("REFUND.CLOSED", R"(,"refund_status":"CLOSE")").status, Status::kClosed);
  EXPECT_EQ(refunded("REFUND.CLOSED", R"(,"refund_status":"CLOSED")").status, Status::kClosed);
  EXPECT_EQ(refunded("REFUND.ABNORMAL", R"(,"refund_status":"SUCCESS")").status, Status::kSuccess);
  EXPECT_EQ(refunded("REFUND.SUCCESS", "").status, Status::kSuccess);
  EXPECT_EQ(refunded("REFUND.ABNORMAL", R"(,"refund_status":null)").status, Status::kAbnormal);
  EXPECT_EQ(refunded("REFUND.CLOSED", R"(,"refund_status":"")").status, Status::kClosed);
}

TEST(ReadEvent, SaysWhichRequiredFieldIsMissing) {
  struct Row {
    const char* event_type;
    const char* resource;
    const char* reason;
  };
  for (const auto& [event_type, resource, reason] : {
           Row{"COUPON.SEND", R"({"coupon_code":"C1"})", "stock_id is missing"},
           {"COUPON.SEND", R"({"stock_id":"S1","coupon_code":""})", "coupon_code is missing"},
           {"PRODUCT_COUPON_SP.SEND", R"({"stock_id":"S1"})", "coupon_code is missing"},
           {"COUPON.USE", R"({"coupon_id":"C1"})", "stock_id is missing"},
           {"COUPON.USE", R"({"stock_id":"S1","coupon_id":8.5})", "coupon_id is missing"},
           {"COUPON.USE", R"({"stock_id":"S1","coupon_id":"C1"})",
            "consume_information.transaction_id is missing"},
           {"REFUND.SUCCESS", R"({"refund_id":"R1"})", "transaction_id is missing"},
           {"REFUND.SUCCESS", R"({"transaction_id":"T1"})", "refund_id is missing"},
           {"REFUND.SUCCESS",
            R"({"transaction_id":"T1","refund_id":"R1","refund_status":"PROCESSING"})",
            "refund_status is not a known one"},
       }) {
    EXPECT_EQ(unreadable(event_type, resource), reason) << resource;
  }
}

TEST(ReadEvent, RefusesIdentifiersThatNoKeyCanHold) {
  const auto with_code = [](const std::string& code) {
    return R"({"stock_id":"S1","coupon_code":")" + code + R"("})";
  };
  EXPECT_EQ(unreadable("COUPON.SEND", with_code(std::string(128, '9'))), "it was readable");
  EXPECT_EQ(unreadable("COUPON.SEND", with_code(std::string(129, '9'))),
            "coupon_code is not an identifier");
  EXPECT_EQ(unreadable("COUPON.SEND", with_code("a\\nb")), "coupon_code is not an identifier");
  EXPECT_EQ(unreadable("COUPON.SEND", with_code("a\\u0000b")), "coupon_code is missing");
}

TEST(ReadEvent, SaysWhyAResourceIsNoJsonObject) {
  EXPECT_EQ(unreadable("COUPON.USE", "not json"),
            "the resource is not a JSON object: it is not well-formed JSON in UTF-8");
  EXPECT_EQ(unreadable("COUPON.USE", "[]"),
            "the resource is not a JSON object: it is JSON of another type");
}

TEST(ReadEvent, IgnoresEventsThatDoNotChangeACoupon) {
  for (const char* event_type :
       {"MALL_REFUND.SUCCESS", "SECURITY_ECHO.SUCCESS", "COUPON.NEW", ""}) {
    EXPECT_EQ(unreadable(event_type, "not json"), "") << event_type;
  }
}

}  // namespace
}  // namespace couponhook::handlers
