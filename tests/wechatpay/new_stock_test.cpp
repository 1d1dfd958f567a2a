// Checks that `couponhook stock create` reports every error in a request for a new stock (batch of
// coupons) before it sends anything. The tests use one valid request body, then break one rule at a
// time, then all rules at once.

#include "wechatpay/new_stock.hpp"

#include <gtest/gtest.h>

#include "stand_in.hpp"
#include "support/parse_json.hpp"
#include "violations.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr const char* kBody = R"({
  "stock_name":"早餐满20减5","comment":"spring","belong_merchant":"1900000001",
  "available_begin_time":"2023-11-16T00:00:00+08:00",
  "available_end_time":"2023-12-16T00:00:00+08:00",
  "stock_use_rule":{"max_coupons":100,"max_amount":50000,"max_amount_by_day":0,
    "max_coupons_per_user":2,"natural_person_limit":false,"prevent_api_abuse":true},
  "pattern_info":{"description":"one each","merchant_name":"Bakery","background_color":"COLOR020"},
  "coupon_use_rule":{"fixed_normal_coupon":{"coupon_amount":500,"transaction_minimum":2000},
    "goods_tag":["bread"],"limit_card":{"name":"某银行","bin":["621483"]},
    "trade_type":["MICROAPP","APPPAY"],"combine_use":false,"available_items":["soy_milk"],
    "coupon_available_time":{"fix_available_time":{"available_week_day":[0,6],"begin_time":0,
      "end_time":43200},"second_day_available":false,"available_time_after_receive":1440},
    "available_merchants":["1900000001","1900000002"]},
  "no_cash":true,"stock_type":"NORMAL","out_request_no":"1900000001202311150001"})";

std::string replaced(std::string_view from, std::string_view to) {
  std::string body = kBody;
  const std::size_t at = body.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return body.replace(at, from.size(), to);
}

std::vector<RuleViolation> broken(const std::string& body) {
  return check_stock(body, kNow).violations;
}

TEST(CheckStock, FindsNothingWrongWithADocumentedBody) {
  for (const auto& violation : broken(kBody)) {
    ADD_FAILURE() << violation.field << " " << violation.message;
  }
}

TEST(CheckStock, FindsEachBrokenRule) {
  const struct {
    const char* from;
    const char* to;
    const char* field;
  } cases[] = {
      {"早餐满20减5", "", "stock_name"},
      {"早餐满20减5", "一二三四五六七八九十", "stock_name"},
      {"早餐满20减5", "abcdefghijklmnopqrstu", "stock_name"},
      {"早餐满20减5", "a;b", "stock_name"},
      {"\"spring\"", "\"0123456789012345678901234567890123456789012345678901234567890\"",
       "comment"},
      {"\"belong_merchant\":\"1900000001\"", "\"belong_merchant\":\"19x\"", "belong_merchant"},
      {"2023-11-16T00:00:00+08:00", "2023-11-14T00:00:00+08:00", "available_begin_time"},
      {"2023-11-16T00:00:00+08:00", "soon", "available_begin_time"},
      {"2023-11-16T00:00:00+08:00", "2024-11-15T00:00:00+08:00", "available_begin_time"},
      {"2023-12-16T00:00:00+08:00", "2024-02-15T00:00:01+08:00", "available_end_time"},
      {"2023-12-16T00:00:00+08:00", "2023-11-15T23:00:00+08:00", "available_end_time"},
      {"\"max_amount\":50000", "\"max_amount\":50001", "stock_use_rule.max_amount"},
      {"\"max_amount_by_day\":0", "\"max_amount_by_day\":50001",
       "stock_use_rule.max_amount_by_day"},
      {"\"max_coupons_per_user\":2", "\"max_coupons_per_user\":61",
       "stock_use_rule.max_coupons_per_user"},
      {"\"max_coupons_per_user\":2", "\"max_coupons_per_user\":0",
       "stock_use_rule.max_coupons_per_user"},
      {"\"natural_person_limit\":false,", "", "stock_use_rule.natural_person_limit"},
      {",\"prevent_api_abuse\":true", "", "stock_use_rule.prevent_api_abuse"},
      {"one each", "", "pattern_info.description"},
      {"COLOR020", "COLOR021", "pattern_info.background_color"},
      {"COLOR020\"", "COLOR020\",\"merchant_logo\":\"logo.png\"", "pattern_info.merchant_logo"},
      {"COLOR020\"", "COLOR020\",\"coupon_image\":\"//qpic.cn/x\"", "pattern_info.coupon_image"},
      {"\"transaction_minimum\":2000", "\"transaction_minimum\":500",
       "coupon_use_rule.fixed_normal_coupon.transaction_minimum"},
      {"某银行", "某某某银行", "coupon_use_rule.limit_card.name"},
      {"621483", "62148", "coupon_use_rule.limit_card.bin"},
      {"\"APPPAY\"", "\"APPAY\"", "coupon_use_rule.trade_type"},
      {"[0,6]", "[7]",
       "coupon_use_rule.coupon_available_time.fix_available_time.available_week_day"},
      {"[\"1900000001\",\"1900000002\"]", "[]", "coupon_use_rule.available_merchants"},
      {"\"no_cash\":true,", "", "no_cash"},
      {"\"NORMAL\"", "\"OTHER\"", "stock_type"},
      {"1900000001202311150001", "a b", "out_request_no"},
      {"\"combine_use\":false", "\"combine_use\":\"no\"", "coupon_use_rule.combine_use"},
      {"\"combine_use\"", "\"combineuse\"", "coupon_use_rule.combineuse"},
      {"\"max_coupons\":100", "\"max_coupons\":4,\"max_cuopons\":100",
       "stock_use_rule.max_cuopons"},
      {"[\"bread\"]", "[1]", "coupon_use_rule.goods_tag"},
      {"{\"name\":\"某银行\",\"bin\":[\"621483\"]}", "1", "coupon_use_rule.limit_card"},
  };
  for (const auto& [from, to, field] : cases) {
    const auto found = fields(broken(replaced(from, to)));
    EXPECT_NE(std::find(found.begin(), found.end(), field), found.end()) << field << " " << to;
  }
}

TEST(CheckStock, TakesImageUrlsOfUpTo128Characters) {
  const auto with_logo = [](const std::string& url) {
    return broken(replaced("COLOR020\"", "COLOR020\",\"merchant_logo\":\"" + url + "\""));
  };
  const std::string url = "https://qpic.cn/" + std::string(112, 'x');
  EXPECT_TRUE(with_logo(url).empty());
  EXPECT_EQ(fields(with_logo(url + "x")), std::vector<std::string>{"pattern_info.merchant_logo"});
}

TEST(CheckStock, BoundsTheNumberOfCoupons) {
  EXPECT_TRUE(broken(replaced(R"("max_coupons":100,"max_amount":50000)",
                              R"("max_coupons":5,"max_amount":2500)"))
                  .empty());
  EXPECT_EQ(fields(broken(replaced(R"("max_coupons":100,"max_amount":50000)",
                                   R"("max_coupons":4,"max_amount":2000)"))),
            std::vector<std::string>{"stock_use_rule.max_coupons"});
}

TEST(CheckStock, ReportsTheCorrectAmount) {
  EXPECT_TRUE(mentions(broken(replaced("\"max_amount\":50000", "\"max_amount\":1")), "50000"));
}

TEST(CheckStock, FindsEverythingThatIsMissingAtOnce) {
  EXPECT_EQ(
      fields(broken("{}")),
      (std::vector<std::string>{
          "stock_name", "belong_merchant", "stock_type", "no_cash", "out_request_no",
          "available_begin_time", "available_end_time", "stock_use_rule.max_coupons",
          "coupon_use_rule.fixed_normal_coupon.coupon_amount",
          "coupon_use_rule.fixed_normal_coupon.transaction_minimum", "stock_use_rule.max_amount",
          "stock_use_rule.max_coupons_per_user", "stock_use_rule.natural_person_limit",
          "stock_use_rule.prevent_api_abuse", "coupon_use_rule.available_merchants"}));
}

TEST(CheckStock, RefusesWhatIsNoObject) {
  for (const char* body : {"", "[]", "null", "{", "{\"stock_name\":\"\xff\"}", "{} {}"}) {
    EXPECT_TRUE(mentions(broken(body), "not a JSON object")) << body;
  }
}

TEST(CheckStock, SurvivesNumbersThatDoNotFit) {
  EXPECT_FALSE(broken(replaced("\"max_coupons\":100", "\"max_coupons\":1e400")).empty());
  EXPECT_FALSE(
      broken(replaced("\"max_coupons\":100", "\"max_coupons\":99999999999999999999")).empty());
  EXPECT_FALSE(
      broken(replaced("\"coupon_amount\":500", "\"coupon_amount\":9223372036854775807")).empty());
}

TEST(CreateStockRequest, LeavesOutWhatIsEmpty) {
  const std::string body = create_stock_request(NewStock{}).body;
  for (const char* name : {"pattern_info", "comment", "limit_card", "coupon_available_time"}) {
    EXPECT_EQ(body.find(name), std::string::npos) << name;
  }
}

TEST(CreateStockRequest, SendsEverythingThatWasRead) {
  const ApiRequest request = create_stock_request(check_stock(kBody, kNow).stock);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path_and_query, "/v3/marketing/favor/coupon-stocks");
  // Compare the request bodies as JSON objects, so that the order of members does not matter.
  EXPECT_TRUE(support::parse_json(request.body) == support::parse_json(kBody)) << request.body;
}

TEST(ParseCreatedStock, ReadsTheDocumentedReply) {
  const auto created =
      parse_created_stock(R"({"stock_id":"98065001","create_time":"2015-05-20T13:29:35+08:00"})");
  ASSERT_TRUE(created);
  EXPECT_EQ(created->stock_id, "98065001");
  EXPECT_FALSE(parse_created_stock(R"({"create_time":"2015-05-20T13:29:35+08:00"})"));
}

}  // namespace
}  // namespace couponhook::wechatpay
