// Tests of the parser for flow files (WeChat Pay's settlement files): it must parse every readable
// row and report every unreadable line. The tests use the forms of real WeChat Pay bills, and files
// made to attack the parser.

#include "wechatpay/flow_file.hpp"

#include <gtest/gtest.h>

namespace couponhook::wechatpay {
namespace {

const std::string kHeader =
    "批次id,优惠id,优惠类型,优惠金额(元),订单总金额(元),交易类型,支付单号,消耗时间,消耗商户号,"
    "设备号,银行流水号,单品信息\r\n";
const std::string kRow =
    "`9865888,`98674556,`满减,`5.00,`20.00,`JSAPI,`4200002188202403057711223344,"
    "`2024-03-05 07:58:41,`1900007702,-,8801,-\r\n";
const std::string kSummary = "总条数,总优惠金额(元)\r\n";

FlowFile use_flow(const std::string& content, FlowLimits limits = {}) {
  return parse_flow_file(FlowKind::kUse, content, usual_flow_columns(FlowKind::kUse), limits);
}

TEST(FlowFile, IsReadByTheNamesOfItsColumns) {
  const FlowFile file = use_flow(kHeader + kRow + kSummary + "`1,`5.00\r\n");
  EXPECT_TRUE(file.problems.empty());
  ASSERT_EQ(file.records.size(), 1U);
  const FlowRecord& record = file.records[0];
  EXPECT_EQ(record.line, 2U);
  EXPECT_EQ(record.stock_id, "9865888");
  EXPECT_EQ(record.coupon_id, "98674556");
  EXPECT_EQ(record.transaction_id, "4200002188202403057711223344");
  EXPECT_EQ(record.time, "2024-03-05 07:58:41");
  EXPECT_EQ(record.mchid, "1900007702");
  EXPECT_EQ(record.discount_fen, 500);
}

TEST(FlowFile, KeepsUnknownColumns) {
  const FlowFile file = use_flow("transaction_id,weather,coupon_id\n1,rain,2\n");
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].coupon_id, "2");
  EXPECT_EQ(file.records[0].other,
            (std::vector<std::pair<std::string, std::string>>{{"weather", "rain"}}));
}

TEST(FlowFile, IsReadWithAByteOrderMark) {
  // The file begins with a byte order mark, directly before coupon_id, the name of a required
  // column.
  EXPECT_EQ(use_flow("\xEF\xBB\xBF"
                     "coupon_id,transaction_id\n1,2\n")
                .records.size(),
            1U);
}

TEST(FlowFile, IsReadWithAndWithoutLineEndAtItsEnd) {
  EXPECT_EQ(use_flow("coupon_id,transaction_id\n1,2\n3,4").records.size(), 2U);
}

TEST(FlowFile, IsReadWhereBackticksAndQuotesMix) {
  const FlowFile file = use_flow("`coupon_id,`transaction_id,`memo\n`1,2,\"a, \"\"b\"\", c\"\n");
  ASSERT_EQ(file.records.size(), 1U) << file.problems[0].message;
  EXPECT_EQ(file.records[0].coupon_id, "1");
  EXPECT_EQ(file.records[0].other[0].second, "a, \"b\", c");
}

TEST(FlowFile, KeepsCommasInTheGoodsAtTheEnd) {
  const FlowFile file =
      use_flow("coupon_id,transaction_id,单品信息\n1,2,{goods: a, quantity: 2}\n");
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].other[0].second, "{goods: a, quantity: 2}");
}

TEST(FlowFile, TakesFullWidthBracketsAndSpacesInNames) {
  const FlowFile file = use_flow("优惠 ID,支付单号,优惠金额（元）\n1,2,0.5\n");
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].discount_fen, 50);
}

TEST(FlowFile, TakesConfiguredNames) {
  const FlowFile file = parse_flow_file(
      FlowKind::kUse, "voucher,order\n1,2\n",
      {{FlowColumn::kCouponId, {"Voucher"}}, {FlowColumn::kTransactionId, {"order"}}});
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].transaction_id, "2");
}

TEST(FlowFile, ReportsWhichColumnIsMissing) {
  const FlowFile file = use_flow("coupon_id,amount\n1,2\n");
  EXPECT_TRUE(file.failed);
  EXPECT_TRUE(file.records.empty());
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].line, 0U);
  EXPECT_NE(file.problems[0].message.find("transaction_id"), std::string::npos);
}

TEST(FlowFile, NeedsTheRefundsIdInARefundFlow) {
  const auto columns = usual_flow_columns(FlowKind::kRefund);
  EXPECT_TRUE(parse_flow_file(FlowKind::kRefund, "优惠id,支付单号\n1,2\n", columns).failed);
  const FlowFile file =
      parse_flow_file(FlowKind::kRefund,
                      "优惠id,支付单号,退款单号,退款时间\n1,2,503,2024-03-06 10:02:33\n", columns);
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].refund_id, "503");
}

TEST(FlowFile, RefusesTwoColumnsThatBothIdentifyARow) {
  EXPECT_TRUE(use_flow("coupon_id,优惠id,transaction_id\n1,2,3\n").failed);
}

TEST(FlowFile, RefusesToBeEmpty) {
  EXPECT_TRUE(use_flow("").failed);
  EXPECT_TRUE(use_flow("\n\r\n").failed);
}

TEST(FlowFile, MayHaveNoRows) {
  const FlowFile file = use_flow(kHeader);
  EXPECT_FALSE(file.failed);
  EXPECT_TRUE(file.records.empty());
}

TEST(FlowFile, ReportsAnInvalidLineAndContinues) {
  const struct {
    const char* line;
    const char* words;
  } cases[] = {
      {"1", "fields"},    {"1,2,3,4", "fields"},   {"\"1,2,3", "quote"},
      {",2,3", "coupon"}, {"1,,3", "transaction"}, {"1,a b,3", "transaction"},
  };
  for (const auto& [line, words] : cases) {
    const FlowFile file =
        use_flow(std::string("coupon_id,transaction_id,discount_amount\n") + line + "\n7,8,9\n");
    EXPECT_EQ(file.records.size(), 1U) << line;
    ASSERT_EQ(file.problems.size(), 1U) << line;
    EXPECT_EQ(file.problems[0].line, 2U) << line;
    EXPECT_NE(file.problems[0].message.find(words), std::string::npos)
        << line << ": " << file.problems[0].message;
  }
}

TEST(FlowFile, TakesARowWithoutAnAmountThatIsNone) {
  for (const char* amount : {"five", "5.005", "99999999999999999999"}) {
    const FlowFile file =
        use_flow(std::string("coupon_id,transaction_id,discount_amount\n1,2,") + amount + "\n");
    ASSERT_EQ(file.records.size(), 1U) << amount;
    EXPECT_EQ(file.records[0].discount_fen, std::nullopt) << amount;
    EXPECT_EQ(file.problems.size(), 1U) << amount;
    EXPECT_EQ(file.malformed, 0U) << amount;
  }
  EXPECT_TRUE(use_flow("coupon_id,transaction_id,discount_amount\n1,2,-\n").problems.empty());
}

TEST(FlowFile, TakesTheFirstOfTwoColumnsThatIdentifyNothing) {
  const FlowFile file = use_flow("coupon_id,transaction_id,优惠金额,discount_amount\n1,2,3,4\n");
  ASSERT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.records[0].discount_fen, 3);
  EXPECT_EQ(file.records[0].other.size(), 1U);
}

TEST(FlowFile, ReportsASummaryThatDisagrees) {
  const FlowFile file = use_flow(kHeader + kRow + kSummary + "`2,`10.00\r\n");
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_NE(file.problems[0].message.find("2 rows"), std::string::npos);
}

TEST(FlowFile, ReportsLinesAfterTheSummary) {
  EXPECT_EQ(use_flow(kHeader + kRow + kSummary + "`1,`5.00\r\n" + kRow).malformed, 1U);
}

TEST(FlowFile, DoesNotMistakeAValueForTheSummary) {
  const FlowFile file = use_flow("shop,coupon_id,transaction_id\n`总店,`1,`2\n`分店,`3,`4\n");
  EXPECT_EQ(file.records.size(), 2U);
  EXPECT_TRUE(file.problems.empty());
}

TEST(FlowFile, IsBoundInLineLength) {
  FlowLimits limits;
  limits.line_bytes_max = 100;
  const FlowFile file =
      use_flow("coupon_id,transaction_id\n" + std::string(101, '1') + ",2\n3,4\n", limits);
  EXPECT_EQ(file.records.size(), 1U);
  EXPECT_EQ(file.malformed, 1U);
  EXPECT_TRUE(use_flow(std::string(101, 'x'), limits).failed);
}

TEST(FlowFile, IsBoundInColumnsRowsAndProblemsKept) {
  FlowLimits limits;
  limits.columns_max = 3;
  EXPECT_TRUE(use_flow("coupon_id,transaction_id,a,b\n", limits).failed);
  limits.rows_max = 1;
  EXPECT_TRUE(use_flow("coupon_id,transaction_id\n1,2\n3,4\n", limits).failed);
  limits.problems_kept_max = 2;
  const FlowFile file = use_flow("coupon_id,transaction_id\n1\n2\n3\n", limits);
  EXPECT_EQ(file.problems.size(), 2U);
  EXPECT_EQ(file.malformed, 3U);
}

TEST(FlowFile, SurvivesBytesThatAreNoText) {
  std::string noise;
  for (int i = 0; i < 4096; ++i) noise += static_cast<char>(i * 7);
  EXPECT_TRUE(use_flow(noise).failed);
  EXPECT_TRUE(use_flow(kHeader + noise).records.empty());
}

TEST(FlowParser, ReadsAFileInPiecesOfAnySize) {
  const std::string content = kHeader + kRow + kRow + kSummary + "`2,`10.00\r\n";
  for (const std::size_t size : {1U, 2U, 3U, 7U, 64U, 1000U}) {
    FlowParser parser(FlowKind::kUse, usual_flow_columns(FlowKind::kUse));
    std::vector<FlowRecord> records;
    for (std::size_t at = 0; at < content.size(); at += size) {
      EXPECT_TRUE(parser.feed(std::string_view(content).substr(at, size), records));
    }
    EXPECT_TRUE(parser.finish(records));
    EXPECT_EQ(records.size(), 2U) << size;
    EXPECT_TRUE(parser.problems().empty()) << size;
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
