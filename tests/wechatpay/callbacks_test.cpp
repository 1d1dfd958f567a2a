// Tests of the API requests that set the notification URL. couponhook must refuse a URL that WeChat
// Pay cannot use, and report all reasons at once. The tests use tables of URLs, and the requests
// and replies in WeChat Pay's documentation.

#include "wechatpay/callbacks.hpp"

#include <gtest/gtest.h>

#include "violations.hpp"

namespace couponhook::wechatpay {
namespace {

using enum CouponProduct;

TEST(CallbackUrl, MayBeAnyHttpsUrlWithoutParameters) {
  for (const char* url :
       {"https://pay.example.com/notify/1900000001", "https://pay.example.com",
        "https://pay.example.com:8443/n", "HTTPS://PAY.EXAMPLE.COM/n", "https://203.0.113.7/n",
        "https://[2001:db8::1]/n", "https://172.32.0.1/n", "https://100.128.0.1/n"}) {
    EXPECT_TRUE(callback_url_violations(url, kFavor).empty()) << url;
  }
}

TEST(CallbackUrl, BreaksOneRuleAtATime) {
  const struct {
    const char* url;
    const char* words;
  } cases[] = {
      {"http://pay.example.com/n", "https"},
      {"ftp://pay.example.com/n", "https"},
      {"https://pay.example.com/n?a=1", "query"},
      {"https://pay.example.com/n?", "query"},
      {"https://pay.example.com/n#top", "fragment"},
      {"https://user:word@pay.example.com/n", "password"},
      {"https://pay.example.com/a b", "white space"},
      {"https://pay.example.com/\xe9\x80\x9a", "ASCII"},
      {"https://pay.example.com:0/n", "port"},
      {"https://pay.example.com:65536/n", "port"},
      {"https://pay.example.com:x/n", "port"},
      {"https://localhost/n", "DNS"},
      {"https://service/n", "DNS"},
      {"https://service.local/n", "DNS"},
      {"https://127.0.0.1/n", "private"},
      {"https://10.1.2.3/n", "private"},
      {"https://172.16.0.1/n", "private"},
      {"https://172.31.255.255/n", "private"},
      {"https://192.168.1.1/n", "private"},
      {"https://169.254.1.1/n", "private"},
      {"https://100.64.0.1/n", "private"},
      {"https://[::1]/n", "private"},
      {"https://[fe80::1]/n", "private"},
      {"https://[FD00::1]/n", "private"},
      {"/notify/1900000001", "whole URL"},
      {"https:///n", "whole URL"},
      {"https://[::1/n", "whole URL"},
  };
  for (const auto& [url, words] : cases) {
    const auto broken = callback_url_violations(url, kFavor);
    EXPECT_EQ(broken.size(), 1U) << url;
    EXPECT_TRUE(mentions(broken, words)) << url;
  }
}

TEST(CallbackUrl, BreaksAllRulesAtOnce) {
  const auto broken =
      callback_url_violations("http://u@localhost:99999/a b?x=1#y" + std::string(250, 'a'), kFavor);
  EXPECT_EQ(broken.size(), 8U);
}

TEST(CallbackUrl, HasTheLengthOfItsProduct) {
  const std::string longest = "https://pay.example.com/" + std::string(256 - 24, 'a');
  EXPECT_TRUE(callback_url_violations(longest, kBusifavor).empty());
  EXPECT_TRUE(mentions(callback_url_violations(longest + "a", kBusifavor), "256"));
  EXPECT_TRUE(mentions(callback_url_violations("", kFavor), "256"));
  EXPECT_TRUE(mentions(callback_url_violations("https://a", kBusifavor), "10 to 256"));
}

TEST(CallbackSetting, NamesAMerchantOfTheProductsLength) {
  EXPECT_TRUE(violations({"1", "https://pay.example.com/n"}, kFavor).empty());
  EXPECT_EQ(fields(violations({"1", "https://pay.example.com/n"}, kBusifavor)),
            std::vector<std::string>{"mchid"});
  EXPECT_EQ(fields(violations({"19000x", "https://pay.example.com/n"}, kFavor)),
            std::vector<std::string>{"mchid"});
}

TEST(CallbackSetting, HasNoSwitchForBusifavor) {
  EXPECT_EQ(fields(violations({"1900000001", "https://pay.example.com/n", true}, kBusifavor)),
            std::vector<std::string>{"switch"});
}

TEST(SetCallbackRequest, HasTheDocumentedShape) {
  const ApiRequest request =
      set_callback_request(kFavor, {"1900000001", "https://pay.example.com/n", true});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path_and_query, "/v3/marketing/favor/callbacks");
  EXPECT_EQ(request.body,
            R"({"mchid":"1900000001","notify_url":"https://pay.example.com/n","switch":true})");
}

TEST(SetCallbackRequest, LeavesTheSwitchUnchangedByDefault) {
  const ApiRequest request =
      set_callback_request(kBusifavor, {"1900000001", "https://pay.example.com/n"});
  EXPECT_EQ(request.path_and_query, "/v3/marketing/busifavor/callbacks");
  EXPECT_EQ(request.body, R"({"mchid":"1900000001","notify_url":"https://pay.example.com/n"})");
}

TEST(GetCallbackRequest, NamesTheMerchantInTheQuery) {
  EXPECT_EQ(get_callback_request(kFavor, "1900000001").path_and_query,
            "/v3/marketing/favor/callbacks?mchid=1900000001");
  EXPECT_EQ(get_callback_request(kBusifavor, "").path_and_query,
            "/v3/marketing/busifavor/callbacks");
}

TEST(ParseCallback, ReadsTheDocumentedReplies) {
  const auto set = parse_callback(Api::kFavorCallbackSet,
                                  R"({"update_time":"2019-10-11T10:00:00+08:00",
                                      "notify_url":"https://pay.example.com/n"})");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->notify_url, "https://pay.example.com/n");
  EXPECT_EQ(set->update_time, "2019-10-11T10:00:00+08:00");
  const auto got =
      parse_callback(Api::kBusifavorCallbackGet,
                     R"({"notify_url":"https://pay.example.com/n","mchid":1900000001})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->mchid, "1900000001");
}

TEST(ParseCallback, RefusesAReplyWithoutUrl) {
  for (const char* body : {"", "{}", "[]", "null", R"({"notify_url":1.5})"}) {
    const auto got = parse_callback(Api::kFavorCallbackGet, body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().failure, ApiFailure::kUnreadable);
  }
}

TEST(CouponProduct, ReadsItsOwnNames) {
  EXPECT_EQ(parse_coupon_product("favor"), kFavor);
  EXPECT_EQ(parse_coupon_product("busifavor"), kBusifavor);
  EXPECT_EQ(parse_coupon_product("Favor"), std::nullopt);
}

}  // namespace
}  // namespace couponhook::wechatpay
