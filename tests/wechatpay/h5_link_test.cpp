// Checks that WeChat accepts the H5 links that couponhook makes (links to web pages on which users
// receive 商家券). The tests use the example of WeChat Pay's documentation, in the folder that the
// environment variable COUPONHOOK_VECTORS gives. Other tests break the rules that users often
// break.

#include "wechatpay/h5_link.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "support/json_file.hpp"
#include "violations.hpp"

namespace couponhook::wechatpay {
namespace {

using support::text_of;

const H5Issue kIssue{"1286950000000777", "1900012345202403150007", "1900012345",
                     "oAbC1dEfGhIjKlMnOpQrStUvWxYz"};

std::string link(const H5Issue& issue) {
  return h5_link(issue, crypto::Secret{"Zx81QpLmN0vKtR7cYb3WsE5dHuJ9gFaA"});
}

TEST(H5Link, AgreesWithTheWorkedExample) {
  const char* const folder = std::getenv("COUPONHOOK_VECTORS");
  if (folder == nullptr) {
    GTEST_SKIP() << "COUPONHOOK_VECTORS does not name the folder of the SDKs' vectors";
  }
  const auto vector = support::read_json(std::string(folder) + "/h5_sign.json");
  int compared = 0;
  for (const rapidjson::Value& known : vector["cases"].GetArray()) {
    const std::string url = text_of(known, "url");
    if (url.empty()) continue;
    const rapidjson::Value& fields = known["fields"];
    EXPECT_EQ(h5_link({text_of(fields, "stock_id"), text_of(fields, "out_request_no"),
                       text_of(fields, "send_coupon_merchant"), text_of(fields, "open_id")},
                      crypto::Secret{text_of(known, "api_v2_key")}),
              url);
    ++compared;
  }
  EXPECT_GE(compared, 1);
}

TEST(H5Link, EndsInTheRedirectMark) {
  EXPECT_TRUE(link(kIssue).ends_with("#wechat_redirect"));
}

TEST(H5Link, HoldsTheCouponCodeInUrlAndSignature) {
  H5Issue with_code = kIssue;
  with_code.coupon_code = "75345199";
  const std::string url = link(with_code);
  EXPECT_NE(url.find("&coupon_code=75345199#"), std::string::npos);
  const auto sign = [](const std::string& text) { return text.substr(text.find("sign="), 69); };
  EXPECT_NE(sign(url), sign(link(kIssue)));
}

TEST(H5Link, EncodesTheUrlButSignsRawValues) {
  H5Issue unusual = kIssue;
  unusual.out_request_no = "a|b*c";
  // The expected signature of the link was made with: printf '%s'
  // 'open_id=…&out_request_no=a|b*c&…&key=…' | openssl dgst -sha256 -hmac …
  EXPECT_NE(link(unusual).find("out_request_no=a%7Cb%2Ac&"), std::string::npos);
  EXPECT_NE(
      link(unusual).find("sign=93C0DAB622E8BBE4A2FCFE39985C820B2790F8CCD4DD2DD85D5A33688C15BAD3&"),
      std::string::npos);
}

TEST(H5Issue, BreaksAllRulesAtOnce) {
  EXPECT_EQ(fields(violations(H5Issue{"", "", "12", "", std::string(33, 'c')})),
            (std::vector<std::string>{"stock_id", "out_request_no", "send_coupon_merchant",
                                      "open_id", "coupon_code"}));
  EXPECT_TRUE(violations(kIssue).empty());
}

}  // namespace
}  // namespace couponhook::wechatpay
