// Tests of the API calls that send favor coupons (代金券), and that query favor and busifavor
// coupons (代金券, 商家券). Requests and replies have the form in WeChat Pay's documentation;
// couponhook must refuse replies of any other form.

#include "wechatpay/coupons.hpp"

#include <gtest/gtest.h>

#include "violations.hpp"
#include "wechatpay/busifavor_coupons.hpp"

namespace couponhook::wechatpay {
namespace {

NewCoupon coupon() {
  return {
      "2323dfsdf342342", "9856000", "89560002019101000121", "wx233544546545989", "8956000", {}, {}};
}

TEST(SendCouponRequest, HasTheDocumentedShape) {
  const ApiRequest request = send_coupon_request(coupon());
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path_and_query, "/v3/marketing/favor/users/2323dfsdf342342/coupons");
  EXPECT_EQ(request.body, R"({"stock_id":"9856000","out_request_no":"89560002019101000121",)"
                          R"("appid":"wx233544546545989","stock_creator_mchid":"8956000"})");
}

TEST(SendCouponRequest, SendsTheValueOnlyWhereThereIsOne) {
  NewCoupon valued = coupon();
  valued.coupon_value = 100;
  valued.coupon_minimum = 200;
  EXPECT_NE(send_coupon_request(valued).body.find(R"("coupon_value":100,"coupon_minimum":200)"),
            std::string::npos);
}

TEST(NewCoupon, BreaksAllRulesAtOnce) {
  EXPECT_TRUE(violations(coupon()).empty());
  EXPECT_EQ(fields(violations(NewCoupon{"", "x", "a b", "", "", 0, 0})),
            (std::vector<std::string>{"openid", "appid", "stock_id", "out_request_no",
                                      "stock_creator_mchid", "coupon_value", "coupon_minimum"}));
}

TEST(CheckCoupon, ReadsABodyWithItsReceiver) {
  const auto checked = check_coupon(
      R"({"openid":"2323dfsdf342342","stock_id":"9856000","out_request_no":"1","appid":"wx1",
          "stock_creator_mchid":"8956000"})");
  EXPECT_TRUE(checked.violations.empty());
  EXPECT_EQ(checked.coupon.openid, "2323dfsdf342342");
}

TEST(CheckCoupon, ReportsTypesAndUnknownMembersWithTheBrokenRules) {
  const auto found = fields(check_coupon(R"({"stock_id":9856000,"couponvalue":1})").violations);
  for (const char* field : {"stock_id", "couponvalue", "openid", "appid"}) {
    EXPECT_NE(std::find(found.begin(), found.end(), field), found.end()) << field;
  }
}

TEST(ParseSentCoupon, GivesTheId) {
  EXPECT_EQ(*parse_sent_coupon(R"({"coupon_id":"9867041"})"), "9867041");
  const auto refused = parse_sent_coupon(R"({"coupon":"9867041"})");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find("coupon_id"), std::string::npos);
}

TEST(ShowCouponRequest, HasTheDocumentedShape) {
  EXPECT_EQ(show_coupon_request({"op1", "9856888", "wx1"}).path_and_query,
            "/v3/marketing/favor/users/op1/coupons/9856888?appid=wx1");
  EXPECT_EQ(fields(violations(CouponName{"", "", ""})),
            (std::vector<std::string>{"openid", "appid", "coupon_id"}));
}

TEST(ParseCoupon, ReadsARedeemedOne) {
  const auto read = parse_coupon(
      R"({"stock_creator_mchid":"9800064","stock_id":"9865888","coupon_id":"98674556",
          "coupon_name":"spring","status":"USED","description":"","no_cash":true,
          "create_time":"2015-05-20T13:29:35+08:00","coupon_type":"NORMAL","singleitem":true,
          "available_begin_time":"2015-05-20T13:29:35+08:00",
          "available_end_time":"2015-06-20T13:29:35+08:00",
          "normal_coupon_information":{"coupon_amount":100,"transaction_minimum":200},
          "consume_information":{"consume_time":"2015-05-21T13:29:35+08:00",
            "consume_mchid":"9856081","transaction_id":"2345234523",
            "goods_detail":[{"goods_id":"a_goods1","quantity":7,"price":1,"discount_amount":4}]}})");
  ASSERT_TRUE(read);
  ASSERT_TRUE(read->consumption);
  EXPECT_EQ(read->consumption->transaction_id, "2345234523");
  ASSERT_EQ(read->consumption->goods_detail.size(), 1U);
  EXPECT_EQ(read->consumption->goods_detail[0].quantity, 7);
  EXPECT_EQ(read->coupon_amount, 100);
}

TEST(ParseCoupon, ReadsOneThatWasNotRedeemed) {
  const auto read =
      parse_coupon(R"({"coupon_id":"1","status":"SENDED","consume_information":null})");
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->consumption);
  EXPECT_FALSE(parse_coupon(R"({"status":"SENDED"})"));
}

TEST(ListCouponsRequest, HasTheDocumentedShape) {
  CouponQuery query;
  query.openid = "op1";
  query.appid = "wx1";
  query.sender_mchid = "8956000";
  query.status = "USED";
  EXPECT_TRUE(violations(query).empty());
  EXPECT_EQ(list_coupons_request(query).path_and_query,
            "/v3/marketing/favor/users/op1/coupons?appid=wx1&status=USED&sender_mchid=8956000"
            "&offset=0&limit=20");
}

TEST(CouponQuery, NamesExactlyOneMerchant) {
  CouponQuery query;
  query.openid = "op1";
  query.appid = "wx1";
  EXPECT_EQ(fields(violations(query)), std::vector<std::string>{"creator_mchid"});
  query.creator_mchid = query.available_mchid = "8956000";
  EXPECT_EQ(fields(violations(query)), std::vector<std::string>{"creator_mchid"});
}

TEST(CouponQuery, BreaksAllRulesAtOnce) {
  CouponQuery query{"", "", "", "", "", "x", "LOST", {-1, 21}};
  EXPECT_EQ(fields(violations(query)),
            (std::vector<std::string>{"openid", "appid", "creator_mchid", "stock_id", "status",
                                      "offset", "limit"}));
}

TEST(ParseCoupons, ReadsAPage) {
  const auto page = parse_coupons(
      R"({"total_count":2,"offset":0,"limit":20,"data":[{"coupon_id":"1"},{"coupon_id":"2"}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 2U);
  EXPECT_FALSE(parse_coupons(R"({"data":[]})"));
}

TEST(BusifavorCoupons, AreAskedForWithTheDocumentedPaths) {
  EXPECT_EQ(show_busifavor_coupon_request({"op1", "a/b", "wx1"}).path_and_query,
            "/v3/marketing/busifavor/users/op1/coupons/a%2Fb/appids/wx1");
  BusifavorCouponQuery query;
  query.openid = "op1";
  query.appid = "wx1";
  query.creator_merchant = "1000000001";
  query.coupon_state = "USED";
  EXPECT_TRUE(violations(query).empty());
  EXPECT_EQ(list_busifavor_coupons_request(query).path_and_query,
            "/v3/marketing/busifavor/users/op1/coupons?appid=wx1&coupon_state=USED"
            "&creator_merchant=1000000001&offset=0&limit=20");
}

TEST(BusifavorCoupons, BreakAllRulesAtOnce) {
  EXPECT_EQ(fields(violations(BusifavorCouponQuery{"", "", "", "LOST", "", "", "", {-1, 51}})),
            (std::vector<std::string>{"openid", "appid", "creator_merchant", "coupon_state",
                                      "offset", "limit"}));
  EXPECT_EQ(fields(violations(BusifavorCouponName{"", std::string(33, 'c'), ""})),
            (std::vector<std::string>{"openid", "appid", "coupon_code"}));
}

TEST(BusifavorCoupons, AreRead) {
  const auto page = parse_busifavor_coupons(
      R"({"total_count":1,"offset":0,"limit":20,"data":[{"coupon_code":"sxxe34343434",
          "stock_id":"1234567891","coupon_state":"SENDED",
          "receive_time":"2019-12-30T13:29:35+08:00","send_request_no":"1"}]})");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].coupon_code, "sxxe34343434");
  EXPECT_TRUE(parse_busifavor_coupon(R"({"coupon_code":"1"})"));
  EXPECT_FALSE(parse_busifavor_coupon(R"({"stock_id":"1"})"));
}

}  // namespace
}  // namespace couponhook::wechatpay
