// Tests of the refund query: the request has the documented form, the reply is read with its
// amounts and coupons, and a reply of any other form is refused. A refund that succeeded becomes
// the notification that WeChat Pay would have sent, and is compared with the ledger.

#include "wechatpay/refunds.hpp"

#include <gtest/gtest.h>

#include "support/parse_json.hpp"
#include "violations.hpp"
#include "wechatpay/compare.hpp"
#include "wechatpay/error_catalogue.hpp"
#include "wechatpay/platform_record.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr auto kReply = R"({"refund_id":"50000000382019052709732678859",
  "out_refund_no":"1217752501201407033233368018","transaction_id":"1217752501201407033233368019",
  "out_trade_no":"1217752501201407033233368020","channel":"ORIGINAL",
  "user_received_account":"招商银行信用卡0403","success_time":"2020-12-01T16:18:12+08:00",
  "create_time":"2020-12-01T16:18:11+08:00","status":"SUCCESS","funds_account":"UNSETTLED",
  "amount":{"total":100,"refund":100,"from":[{"account":"AVAILABLE","amount":444}],
    "payer_total":90,"payer_refund":90,"settlement_refund":100,"settlement_total":100,
    "discount_refund":10,"currency":"CNY"},
  "promotion_detail":[{"promotion_id":"109519","scope":"SINGLE","type":"DISCOUNT","amount":5,
    "refund_amount":4,"goods_detail":[{"merchant_goods_id":"1","unit_price":1,"refund_amount":1,
    "refund_quantity":1}]},
    {"promotion_id":"109520","scope":"GLOBAL","type":"COUPON","amount":6,"refund_amount":6}]})";

const RefundName kName{"1217752501201407033233368018", ""};

std::string with(std::string_view part, std::string_view instead) {
  std::string text(kReply);
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), instead);
}

TEST(RefundName, HasTheDocumentedCharacters) {
  EXPECT_TRUE(violations(kName).empty());
  EXPECT_TRUE(violations(RefundName{"aZ_0-|*@", "1900000109"}).empty());
  for (const auto& bad : {std::string(), std::string(65, '1'), std::string("RF 1"),
                          std::string("a/b"), std::string("单")}) {
    EXPECT_EQ(fields(violations(RefundName{bad, ""})), std::vector<std::string>{"out_refund_no"});
  }
  EXPECT_EQ(fields(violations(RefundName{"1", "x"})), std::vector<std::string>{"sub_mchid"});
}

TEST(ShowRefundRequest, HasTheDocumentedShape) {
  const ApiRequest request = show_refund_request({"RF|1*@", ""});
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path_and_query, "/v3/refund/domestic/refunds/RF%7C1%2A%40");
  EXPECT_EQ(show_refund_request({"RF1", "1900000109"}).path_and_query,
            "/v3/refund/domestic/refunds/RF1?sub_mchid=1900000109");
}

TEST(ParseRefund, ReadsAmountsAndCoupons) {
  const auto refund = parse_refund(kReply, kName);
  ASSERT_TRUE(refund) << refund.error().text();
  EXPECT_TRUE(refund->succeeded());
  EXPECT_EQ(refund->amounts, (base::RefundAmounts{100, 100, 90, 90}));
  ASSERT_EQ(refund->promotions.size(), 2U);
  EXPECT_EQ(refund->promotions[0].share, (base::CouponShare{"109519", 5, 4}));
  EXPECT_EQ(refund->promotions[1].type, "COUPON");
}

TEST(ParseRefund, RefusesWhatWouldBecomeAWrongFact) {
  const auto message = [](const std::string& body) {
    const auto refund = parse_refund(body, kName);
    return refund ? std::string("accepted") : refund.error().message;
  };
  const std::string why = "the reply has no usable ";
  EXPECT_EQ(message("[]"), why + "JSON object");
  EXPECT_EQ(message(with("50000000382019052709732678859", "5E28")), why + "refund_id");
  EXPECT_EQ(message(with("1217752501201407033233368018", "another")),
            why + "out_refund_no of the query");
  EXPECT_EQ(message(with("1217752501201407033233368019", "")), why + "transaction_id");
  EXPECT_EQ(message(with("\"SUCCESS\"", "\"DONE\"")), why + "status");
  EXPECT_EQ(message(with("2020-12-01T16:18:12+08:00", "yesterday")), why + "success_time");
  EXPECT_EQ(message(with("2020-12-01T16:18:12+08:00", "")), why + "success_time");
  EXPECT_EQ(message(with("\"refund\":100,", "\"refund\":101,")), why + "amount");
  EXPECT_EQ(message(with("\"refund\":100,", "\"refund\":-1,")), why + "amount");
  EXPECT_EQ(message(with("\"refund\":100,", "\"refund\":\"100\",")), why + "amount");
  EXPECT_EQ(message(with("\"refund_amount\":4", "\"refund_amount\":6")), why + "promotion_detail");
  EXPECT_EQ(message(with("\"109519\"", "null")), why + "promotion_detail");
}

TEST(PlatformRecord, OfARefundQueryIsTheNotificationWithItsCoupons) {
  const Refund refund = *parse_refund(kReply, kName);
  const auto entry = to_platform_record(refund, "1900000001");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->business_key, "50000000382019052709732678859/SUCCESS");
  EXPECT_EQ(entry->event_type, "REFUND.SUCCESS");
  EXPECT_EQ(entry->amounts, refund.amounts);
  EXPECT_EQ(support::parse_json(entry->resource), support::parse_json(R"({"mchid":"1900000001",
    "out_trade_no":"1217752501201407033233368020","transaction_id":"1217752501201407033233368019",
    "out_refund_no":"1217752501201407033233368018","refund_id":"50000000382019052709732678859",
    "refund_status":"SUCCESS","success_time":"2020-12-01T16:18:12+08:00",
    "user_received_account":"招商银行信用卡0403",
    "amount":{"total":100,"refund":100,"payer_total":90,"payer_refund":90},
    "promotion_detail":[
      {"promotion_id":"109519","scope":"SINGLE","type":"DISCOUNT","amount":5,"refund_amount":4},
      {"promotion_id":"109520","scope":"GLOBAL","type":"COUPON","amount":6,"refund_amount":6}]})"));
}

TEST(PlatformRecord, OfARefundHasAnIdOfItsOwnIfItNamesAmounts) {
  const PlatformRecord queried = *to_platform_record(*parse_refund(kReply, kName), "1900000001");
  FlowRecord row;
  row.coupon_id = "109519";
  row.transaction_id = queried.transaction_id;
  row.refund_id = "50000000382019052709732678859";
  const PlatformRecord listed = to_platform_record(FlowKind::kRefund, row, "98065001");
  EXPECT_EQ(queried.business_key, listed.business_key);
  EXPECT_NE(queried.notification_id(), listed.notification_id());
  EXPECT_EQ(queried.notification_id().size(), listed.notification_id().size());
}

TEST(PlatformRecord, IsMadeOnlyOfARefundThatSucceeded) {
  for (const auto* status : {"\"CLOSED\"", "\"PROCESSING\"", "\"ABNORMAL\""}) {
    const auto refund = parse_refund(with("\"SUCCESS\"", status), kName);
    ASSERT_TRUE(refund) << status;
    EXPECT_FALSE(to_platform_record(*refund, "1900000001")) << status;
  }
}

/// Compares the queried refund with a fact of the ledger, which has the given money.
ReportRow compared_with(std::optional<base::RefundAmounts> amounts,
                        std::vector<base::CouponShare> shares) {
  const std::vector records{*to_platform_record(*parse_refund(kReply, kName), "1900000001")};
  KnownFact fact;
  fact.kind = base::FactKind::kRefund;
  fact.transaction_id = records[0].transaction_id;
  fact.business_key = records[0].business_key;
  fact.occurred_at = records[0].occurred_at;
  fact.amounts = amounts;
  fact.shares = std::move(shares);
  const auto report = compare(records, std::vector{fact});
  EXPECT_EQ(report.matched + report.differing, 1U);
  const auto found = admissible(report, records, {});
  EXPECT_EQ(found.entries.size(), report.rows.empty() || !report.rows[0].is_incomplete ? 0U : 1U);
  return report.rows.empty() ? ReportRow{} : report.rows[0];
}

const base::RefundAmounts kAmounts{100, 100, 90, 90};
const std::vector<base::CouponShare> kShares{{"109519", 5, 4}, {"109520", 6, 6}};

TEST(Compare, MatchesARefundWithTheSameMoney) {
  EXPECT_EQ(compared_with(kAmounts, kShares).differences, "");
}

TEST(Compare, SaysWhatTheLedgerLacksOfARefund) {
  const ReportRow row = compared_with({}, {kShares[0]});
  EXPECT_EQ(row.finding, Finding::kDiffering);
  EXPECT_EQ(row.differences,
            "amounts: ours unknown, theirs 1.00 of 1.00 yuan, payer 0.90 of 0.90; "
            "share of coupon 109520: ours unknown, theirs 0.06 of 0.06 yuan");
  EXPECT_TRUE(row.is_incomplete);
  EXPECT_TRUE(compared_with(kAmounts, {}).is_incomplete);
}

TEST(Compare, NeverOverwritesMoneyThatContradicts) {
  const ReportRow row = compared_with(base::RefundAmounts{100, 50, 90, 45}, {});
  EXPECT_NE(row.differences.find("amounts: ours 0.50 of 1.00 yuan"), std::string::npos);
  EXPECT_FALSE(row.is_incomplete);
  EXPECT_FALSE(compared_with({}, {{"109519", 5, 1}}).is_incomplete);
}

TEST(ErrorCatalogue, ExplainsAnUnknownRefundByItsNumbers) {
  const auto row = explain_error(Api::kRefundShow, 404, "RESOURCE_NOT_EXISTS");
  EXPECT_EQ(row.retry, Retry::kNever);
  EXPECT_NE(row.advice.find("out_refund_no"), std::string_view::npos);
}

}  // namespace
}  // namespace couponhook::wechatpay
