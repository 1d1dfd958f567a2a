// Tests of the API calls that start, pause and query stocks (batches) of favor coupons
// (代金券批次). Requests and replies have the form in WeChat Pay's documentation; couponhook must
// refuse replies of any other form.

#include "wechatpay/stocks.hpp"

#include <gtest/gtest.h>

#include "violations.hpp"

namespace couponhook::wechatpay {
namespace {

const StockName kName{"9856000", "8956000"};

TEST(StockSwitches, HaveTheDocumentedShape) {
  const struct {
    ApiRequest request;
    const char* path;
  } cases[] = {{start_stock_request(kName), "/v3/marketing/favor/stocks/9856000/start"},
               {pause_stock_request(kName), "/v3/marketing/favor/stocks/9856000/pause"},
               {restart_stock_request(kName), "/v3/marketing/favor/stocks/9856000/restart"}};
  for (const auto& [request, path] : cases) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path_and_query, path);
    EXPECT_EQ(request.body, R"({"stock_creator_mchid":"8956000"})");
  }
}

TEST(StockSwitches, ReadTheTimeUnderAnyOfItsNames) {
  for (const char* name : {"start_time", "pause_time", "restart_time"}) {
    const auto switched =
        parse_stock_switched(Api::kStockStart, std::string(R"({"stock_id":"9865000",")") + name +
                                                   R"(":"2015-05-20T13:29:35+08:00"})");
    ASSERT_TRUE(switched);
    EXPECT_EQ(switched->time, "2015-05-20T13:29:35+08:00");
  }
  EXPECT_FALSE(parse_stock_switched(Api::kStockStart, "{}"));
}

TEST(StockName, IsTwoNumbers) {
  EXPECT_TRUE(violations(kName).empty());
  EXPECT_EQ(fields(violations(StockName{"../x", ""})),
            (std::vector<std::string>{"stock_id", "stock_creator_mchid"}));
}

TEST(ShowStockRequest, HasTheDocumentedShape) {
  EXPECT_EQ(show_stock_request(kName).path_and_query,
            "/v3/marketing/favor/stocks/9856000?stock_creator_mchid=8956000");
}

TEST(ShowStockRequest, CannotBeLedToAnotherPath) {
  EXPECT_EQ(show_stock_request({"../../x?a=b", "1"}).path_and_query,
            "/v3/marketing/favor/stocks/..%2F..%2Fx%3Fa%3Db?stock_creator_mchid=1");
}

TEST(ParseStock, ReadsTheDocumentedReply) {
  const auto stock = parse_stock(
      R"({"stock_id":"9836588","stock_creator_mchid":"123456","stock_name":"spring",
          "status":"paused","create_time":"2015-05-20T13:29:35+08:00","description":"",
          "stock_use_rule":{"max_coupons":100,"max_amount":5000,"max_coupons_per_user":10,
            "fixed_normal_coupon":{"coupon_amount":100,"transaction_minimum":200}},
          "available_begin_time":"2015-05-20T13:29:35+08:00","distributed_coupons":7,
          "no_cash":true,"stock_type":"NORMAL","singleitem":false})");
  ASSERT_TRUE(stock);
  EXPECT_EQ(stock->status, "paused");
  EXPECT_EQ(stock->max_coupons, 100);
  EXPECT_EQ(stock->transaction_minimum, 200);
  EXPECT_EQ(stock->distributed_coupons, 7);
  EXPECT_TRUE(stock->no_cash);
}

TEST(ParseStock, TakesMembersOfOtherTypesForAbsent) {
  const auto stock = parse_stock(
      R"({"stock_id":9836588,"stock_use_rule":[],"distributed_coupons":"7","no_cash":"true"})");
  ASSERT_TRUE(stock);
  EXPECT_EQ(stock->stock_id, "9836588");
  EXPECT_EQ(stock->max_coupons, std::nullopt);
  EXPECT_EQ(stock->distributed_coupons, 0);
  EXPECT_FALSE(stock->no_cash);
}

TEST(ParseStock, SurvivesDeepNesting) {
  const std::string deep = std::string(200'000, '[');
  EXPECT_FALSE(parse_stock(R"({"stock_id":)" + deep));
  EXPECT_TRUE(parse_stock(R"({"stock_id":"1","x":)" + deep + std::string(200'000, ']') + "}"));
}

TEST(ListStocksRequest, EncodesTimes) {
  StockQuery query;
  query.stock_creator_mchid = "9856888";
  query.page = {1, 8};
  query.create_start_time = "2015-05-20T13:29:35.120+08:00";
  query.status = "paused";
  EXPECT_EQ(list_stocks_request(query).path_and_query,
            "/v3/marketing/favor/stocks?offset=1&limit=8&stock_creator_mchid=9856888"
            "&create_start_time=2015-05-20T13%3A29%3A35.120%2B08%3A00&status=paused");
  EXPECT_TRUE(violations(query).empty());
}

TEST(StockQuery, BreaksAllRulesAtOnce) {
  EXPECT_EQ(fields(violations(StockQuery{"", {-1, 11}, "soon", "late", "stopped"})),
            (std::vector<std::string>{"stock_creator_mchid", "offset", "limit", "create_start_time",
                                      "create_end_time", "status"}));
}

TEST(ParseStocks, ReadsAPage) {
  const auto page = parse_stocks(
      R"({"total_count":2,"offset":0,"limit":10,"data":[{"stock_id":"1"},{"stock_id":"2"}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total_count, 2);
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[1].stock_id, "2");
}

TEST(ParseStocks, ReadsAPageWithoutData) {
  const auto page = parse_stocks(R"({"total_count":0,"offset":0,"limit":10})");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->items.empty());
  EXPECT_FALSE(parse_stocks("{}"));
}

TEST(StockMembers, AreAskedForWithTheDocumentedPaths) {
  const StockMembersQuery query{kName, {10, 50}};
  EXPECT_EQ(list_stock_merchants_request(query).path_and_query,
            "/v3/marketing/favor/stocks/9856000/merchants?offset=10&limit=50"
            "&stock_creator_mchid=8956000");
  EXPECT_EQ(list_stock_items_request(query).path_and_query,
            "/v3/marketing/favor/stocks/9856000/items?offset=10&limit=50"
            "&stock_creator_mchid=8956000");
}

TEST(StockMembers, ArePagedWithinTheDocumentedBounds) {
  EXPECT_TRUE(violations(StockMembersQuery{kName, {1000, 50}}).empty());
  EXPECT_EQ(fields(violations(StockMembersQuery{kName, {1001, 51}})),
            (std::vector<std::string>{"offset", "limit"}));
}

TEST(StockMembers, AreRead) {
  const auto page = parse_stock_members(
      Api::kStockMerchants,
      R"({"total_count":10,"data":["98568865","98568888"],"offset":0,"limit":50,"stock_id":"9856000"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items, (std::vector<std::string>{"98568865", "98568888"}));
  EXPECT_EQ(page->total_count, 10);
}

}  // namespace
}  // namespace couponhook::wechatpay
