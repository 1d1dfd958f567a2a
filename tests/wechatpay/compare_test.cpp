// Tests of comparing WeChat Pay's own records with couponhook's ledger (reconciliation). The
// comparison must find exactly the missing notifications, in the form in which WeChat Pay would
// have sent them. The records and ledger entries are written by hand.

#include "wechatpay/compare.hpp"

#include <gtest/gtest.h>

#include "base/wechat_time.hpp"
#include "support/parse_json.hpp"

namespace couponhook::wechatpay {
namespace {

using base::FactKind;

FlowRecord record(const std::string& coupon, const std::string& transaction) {
  FlowRecord record;
  record.line = 2;
  record.coupon_id = coupon;
  record.transaction_id = transaction;
  record.time = "2024-03-05 07:58:41";
  record.mchid = "1900007702";
  return record;
}

FlowRecord refund(const std::string& coupon, const std::string& refund_id) {
  FlowRecord refund = record(coupon, "42");
  refund.refund_id = refund_id;
  return refund;
}

bool same_json(const std::string& a, const std::string& b) {
  return support::parse_json(a) == support::parse_json(b);
}

// ---- The next tests convert a row of a flow file (WeChat Pay's settlement file), or a coupon from
// a query, into a notification.

TEST(PlatformRecord, OfAUseFlowIsTheRedemptionThatWasNotNotified) {
  const PlatformRecord entry =
      to_platform_record(FlowKind::kUse, record("98674556", "4200"), "9865888");
  EXPECT_EQ(entry.kind, FactKind::kRedeem);
  EXPECT_EQ(entry.business_key, "98674556/4200");
  EXPECT_EQ(entry.event_type, "COUPON.USE");
  EXPECT_EQ(entry.occurred_at, "2024-03-05T07:58:41+08:00");
  EXPECT_TRUE(same_json(entry.resource,
                        R"({"stock_id":"9865888","coupon_id":"98674556","status":"USED",
                            "consume_information":{"consume_time":"2024-03-05T07:58:41+08:00",
                              "consume_mchid":"1900007702","transaction_id":"4200"}})"))
      << entry.resource;
}

TEST(PlatformRecord, OfARefundFlowIsTheRefundThatWasNotNotified) {
  const PlatformRecord entry =
      to_platform_record(FlowKind::kRefund, refund("98674556", "503"), "9865888");
  EXPECT_EQ(entry.kind, FactKind::kRefund);
  EXPECT_EQ(entry.business_key, "503/SUCCESS");
  EXPECT_EQ(entry.event_type, "REFUND.SUCCESS");
  EXPECT_TRUE(same_json(entry.resource,
                        R"({"mchid":"1900007702","transaction_id":"42","refund_id":"503",
                            "refund_status":"SUCCESS",
                            "success_time":"2024-03-05T07:58:41+08:00"})"))
      << entry.resource;
}

TEST(PlatformRecord, OfARowNamesTheRowsOwnStockFirst) {
  FlowRecord row = record("1", "2");
  row.stock_id = "777";
  EXPECT_EQ(to_platform_record(FlowKind::kUse, row, "9865888").stock_id, "777");
}

TEST(PlatformRecord, OfAQueryHasTheNotificationsContent) {
  Coupon coupon;
  coupon.stock_creator_mchid = "1900007701";
  coupon.stock_id = "19733211";
  coupon.coupon_id = "80231900457";
  coupon.coupon_name = "spring";
  coupon.status = "USED";
  coupon.create_time = "2024-03-02T08:11:09+08:00";
  coupon.coupon_type = "NORMAL";
  coupon.available_begin_time = "2024-03-01T00:00:00+08:00";
  coupon.available_end_time = "2024-04-30T23:59:59+08:00";
  coupon.coupon_amount = 500;
  coupon.transaction_minimum = 2000;
  coupon.consumption = {
      "2024-03-05T07:58:41+08:00", "1900007702", "4200", {}, {{"soy", 2, 600, 500}}};
  const auto entry = to_platform_record(coupon);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->business_key, "80231900457/4200");
  EXPECT_TRUE(same_json(
      entry->resource,
      R"({"stock_creator_mchid":"1900007701","stock_id":"19733211","coupon_id":"80231900457",
          "coupon_name":"spring","status":"USED","description":"",
          "create_time":"2024-03-02T08:11:09+08:00","coupon_type":"NORMAL","no_cash":false,
          "available_begin_time":"2024-03-01T00:00:00+08:00",
          "available_end_time":"2024-04-30T23:59:59+08:00","singleitem":false,
          "normal_coupon_information":{"coupon_amount":500,"transaction_minimum":2000},
          "consume_information":{"consume_time":"2024-03-05T07:58:41+08:00",
            "consume_mchid":"1900007702","transaction_id":"4200","goods_detail":[
              {"goods_id":"soy","quantity":2,"price":600,"discount_amount":500}]}})"))
      << entry->resource;
}

TEST(PlatformRecord, OfAQueryIsNoneUntilTheCouponIsRedeemed) {
  Coupon coupon;
  coupon.status = "USED";
  EXPECT_FALSE(to_platform_record(coupon));
  coupon.status = "SENDED";
  coupon.consumption = {"", "", "42", {}, {}};
  EXPECT_FALSE(to_platform_record(coupon));
}

TEST(PlatformRecord, OfABusifavorCouponIsItsIssue) {
  BusifavorCoupon coupon;
  coupon.stock_id = "1205510000000046";
  coupon.coupon_code = "1205519870000017722031";
  coupon.receive_time = "2024-03-06T12:20:05+08:00";
  coupon.send_request_no = "1";
  const PlatformRecord entry = to_platform_record(coupon, "op1");
  EXPECT_EQ(entry.kind, FactKind::kIssue);
  EXPECT_EQ(entry.business_key, "1205510000000046/1205519870000017722031");
  EXPECT_EQ(entry.event_type, "COUPON.SEND");
  const auto resource = support::parse_json(entry.resource);
  EXPECT_STREQ(resource["event_type"].GetString(), "EVENT_TYPE_BUSICOUPON_SEND");
  EXPECT_STREQ(resource["send_time"].GetString(), "2024-03-06T12:20:05+08:00");
}

TEST(PlatformRecord, HasTheSameIdForTheSameFactFromAnySource) {
  const PlatformRecord from_file = to_platform_record(FlowKind::kUse, record("1", "2"), "9");
  Coupon coupon;
  coupon.coupon_id = "1";
  coupon.status = "USED";
  coupon.consumption = {"", "", "2", {}, {}};
  EXPECT_EQ(from_file.notification_id(), to_platform_record(coupon)->notification_id());
  EXPECT_EQ(from_file.notification_id().size(), 42U);
  EXPECT_NE(from_file.notification_id(),
            to_platform_record(FlowKind::kUse, record("1", "3"), "9").notification_id());
}

// ---- The next tests compare WeChat Pay's own records with couponhook's ledger.

KnownFact known(const PlatformRecord& entry) {
  return {entry.kind,           entry.stock_id,     entry.coupon,
          entry.transaction_id, entry.business_key, entry.occurred_at};
}

const PlatformRecord kFirst = to_platform_record(FlowKind::kUse, record("1", "2"), "9");
const PlatformRecord kSecond = to_platform_record(FlowKind::kUse, record("3", "4"), "9");

TEST(Compare, FindsNothingIfBothAgree) {
  const ReconcileReport report =
      compare(std::vector{kFirst, kSecond}, std::vector{known(kSecond), known(kFirst)});
  EXPECT_EQ(report.matched, 2U);
  EXPECT_TRUE(report.rows.empty());
}

TEST(Compare, FindsWhatNeverArrived) {
  const ReconcileReport report = compare(std::vector{kFirst, kSecond}, std::vector{known(kFirst)});
  EXPECT_EQ(report.missing, 1U);
  ASSERT_EQ(report.rows.size(), 1U);
  EXPECT_EQ(report.rows[0].finding, Finding::kMissing);
  EXPECT_EQ(report.rows[0].business_key, "3/4");
  EXPECT_EQ(report.rows[0].entry, 1U);
}

TEST(Compare, FindsFactsMissingInWeChatPaysRecords) {
  const ReconcileReport report = compare({}, std::vector{known(kFirst)});
  EXPECT_EQ(report.unlisted, 1U);
  EXPECT_EQ(report.rows.at(0).finding, Finding::kUnlisted);
}

TEST(Compare, FindsDifferingFacts) {
  KnownFact other = known(kFirst);
  other.stock_id = "8";
  other.occurred_at = "2024-03-05T07:58:43+08:00";
  const ReconcileReport report = compare(std::vector{kFirst}, std::vector{other});
  EXPECT_EQ(report.differing, 1U);
  EXPECT_EQ(report.rows.at(0).differences,
            "stock_id: ours 8, theirs 9; occurred_at: ours 2024-03-05T07:58:43+08:00, theirs "
            "2024-03-05T07:58:41+08:00");
}

TEST(Compare, TreatsTwoNotationsOfOneTimeAsEqual) {
  KnownFact other = known(kFirst);
  for (const char* time : {"2024-03-04T23:58:41Z", "2024-03-05T07:58:41.900+08:00", ""}) {
    other.occurred_at = time;
    EXPECT_EQ(compare(std::vector{kFirst}, std::vector{other}).matched, 1U) << time;
  }
}

TEST(Compare, CountsARefundOfSeveralCouponsOnce) {
  const std::vector records{to_platform_record(FlowKind::kRefund, refund("1", "503"), "9"),
                            to_platform_record(FlowKind::kRefund, refund("2", "503"), "9")};
  // A refund in the ledger has no coupon id, because a refund belongs to every coupon that was used
  // in its payment.
  const std::vector facts{KnownFact{FactKind::kRefund, "", "", "42", "503/SUCCESS", ""}};
  EXPECT_EQ(compare(records, {}).missing, 1U);
  const ReconcileReport report = compare(records, facts);
  EXPECT_EQ(report.matched, 1U);
  EXPECT_EQ(report.repeated, 1U);
  EXPECT_EQ(report.in_platform, 1U);
}

TEST(Compare, DistinguishesKinds) {
  KnownFact other = known(kFirst);
  other.kind = FactKind::kIssue;
  EXPECT_EQ(compare(std::vector{kFirst}, std::vector{other}).missing, 1U);
}

TEST(Admissible, ExcludesFactsThatMayStillBeNotified) {
  const std::vector<PlatformRecord> records{
      to_platform_record(FlowKind::kUse, record("1", "42"), "9")};
  const auto report = compare(records, {});
  const auto happened = base::parse_wechat_time(records[0].occurred_at).value();
  const auto until = [&](std::chrono::seconds later) {
    return admissible(report, records, {std::nullopt, happened + later});
  };
  EXPECT_EQ(until(std::chrono::seconds(-1)).unsettled, 1U);
  EXPECT_TRUE(until(std::chrono::seconds(-1)).entries.empty());
  EXPECT_EQ(until(std::chrono::seconds(0)).entries, std::vector{&records[0]});
}

TEST(Admissible, ExcludesFactsThatTheLedgerMayHaveRemoved) {
  const std::vector<PlatformRecord> records{
      to_platform_record(FlowKind::kUse, record("1", "42"), "9")};
  const auto report = compare(records, {});
  const auto happened = base::parse_wechat_time(records[0].occurred_at).value();
  const auto since = [&](std::chrono::seconds later) {
    return admissible(report, records, {happened + later, std::nullopt});
  };
  EXPECT_EQ(since(std::chrono::seconds(1)).outdated, 1U);
  EXPECT_TRUE(since(std::chrono::seconds(1)).entries.empty());
  EXPECT_EQ(since(std::chrono::seconds(0)).entries, std::vector{&records[0]});
}

TEST(Admissible, TreatsFactsWithoutTimeAsOldOnlyIfTheLedgerExpires) {
  std::vector<PlatformRecord> records{to_platform_record(FlowKind::kUse, record("1", "42"), "9")};
  records[0].occurred_at.clear();
  const auto report = compare(records, {});
  const std::chrono::sys_seconds epoch{};
  EXPECT_EQ(admissible(report, records, {epoch, std::nullopt}).outdated, 1U);
  EXPECT_EQ(admissible(report, records, {std::nullopt, epoch}).entries.size(), 1U);
}

}  // namespace
}  // namespace couponhook::wechatpay
