// Checks that couponhook signs API requests as WeChat Pay requires. The expected messages and
// headers come from the tests of WeChat Pay's own SDKs, in the folder that the environment variable
// COUPONHOOK_VECTORS gives. The openssl command line verifies the signatures.

#include "wechatpay/authorization.hpp"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "stand_in.hpp"
#include "support/json_file.hpp"
#include "support/openssl_command.hpp"

namespace couponhook::wechatpay {
namespace {

using support::read_json;
using support::text_of;

std::string header(const std::vector<Header>& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const Header& h) { return h.name == name; });
  return found == headers.end() ? "" : found->value;
}

ApiCaller caller(std::string mchid = "1900000001") {
  return {std::move(mchid), "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
          *crypto::Signer::from_pem(platform().pair.private_key_pem)};
}

const ApiRequest kGet{Api::kCertificates, "GET", "/v3/certificates", ""};
const ApiRequest kPost{Api::kStockStart, "POST", "/v3/marketing/favor/stocks/1/start", "{}"};

class AuthorizationVectors : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("COUPONHOOK_VECTORS");
    if (folder == nullptr) {
      GTEST_SKIP() << "COUPONHOOK_VECTORS does not name the folder of the SDKs' vectors";
    }
    vector_ = read_json(std::string(folder) + "/" + GetParam());
  }
  rapidjson::Document vector_;
};

TEST_P(AuthorizationVectors, HaveTheMessageThatWeSign) {
  EXPECT_EQ(request_message(text_of(vector_, "method"), text_of(vector_, "canonical_url"),
                            std::to_string(vector_["timestamp"].GetInt64()),
                            text_of(vector_, "nonce"), text_of(vector_, "body")),
            text_of(vector_, "message"));
}

TEST_P(AuthorizationVectors, HaveTheHeaderThatWeSend) {
  const bool mocked = vector_.HasMember("header_with_mock_signer");
  const std::string expected =
      text_of(vector_, mocked ? "header_with_mock_signer" : "header_template");
  const std::string mchid = mocked ? text_of(vector_, "mchid") : "1234567891";
  const std::string serial =
      mocked ? text_of(vector_, "serial_no") : "5F1C72E2A8931B72A2E13AF8DEE92471EB397115";
  // The signature in the test vector comes from the mock signer (a fake signer for tests) of WeChat
  // Pay's SDK. The signature is the text between the last two quotes.
  const std::size_t begin = expected.find("signature=\"") + 11;
  const std::string signature = expected.substr(begin, expected.size() - begin - 1);
  const std::string value =
      authorization_value(mchid, text_of(vector_, "nonce"),
                          std::to_string(vector_["timestamp"].GetInt64()), serial, signature);
  // Compare only the text after the scheme, because the mock signer (a fake signer for tests) of
  // WeChat Pay's SDK writes its own scheme name.
  EXPECT_EQ(value.substr(value.find(' ')), expected.substr(expected.find(' ')));
}

INSTANTIATE_TEST_SUITE_P(OfSdks, AuthorizationVectors,
                         testing::Values("java_authorization_header.json",
                                         "go_authorization_header.json"),
                         [](const auto& vector) {
                           return std::string(vector.param).substr(0, 2) == "go" ? "go" : "java";
                         });

TEST(RequestHeaders, BeginWithTheScheme) {
  EXPECT_EQ(
      header(request_headers(kGet, caller(), "nonce", kNow), "Authorization")
          .find("WECHATPAY2-SHA256-RSA2048 mchid=\"1900000001\",nonce_str=\"nonce\","
                "timestamp=\"1700000000\",serial_no=\"5157F09EFDC096DE15EBE81A47057A7232F1B8E1\""),
      0U);
}

TEST(RequestHeaders, AreSignedSoThatOpensslAgrees) {
  const support::ScratchFolder scratch;
  if (!support::has_openssl()) GTEST_SKIP() << "there is no openssl command";
  const std::string value =
      header(request_headers(kPost, caller(), "nonce", kNow), "Authorization");
  const std::string mark = "signature=\"";
  const std::size_t begin = value.find(mark) + mark.size();
  const auto signature = base::base64_decode(value.substr(begin, value.size() - begin - 1));
  ASSERT_TRUE(signature);
  scratch.write("signature", *signature);
  scratch.write("message", "POST\n/v3/marketing/favor/stocks/1/start\n1700000000\nnonce\n{}\n");
  scratch.write("certificate.pem", platform().pair.certificate_pem);
  ASSERT_TRUE(scratch.openssl("x509 -in certificate.pem -noout -pubkey"));
  scratch.write("public.pem", scratch.output());
  EXPECT_TRUE(scratch.openssl("dgst -sha256 -verify public.pem -signature signature message"))
      << scratch.output();
}

TEST(RequestHeaders, NameTheMerchantThatCalls) {
  EXPECT_NE(header(request_headers(kGet, caller("1900000002"), "n", kNow), "Authorization")
                .find("mchid=\"1900000002\""),
            std::string::npos);
}

TEST(RequestHeaders, AlwaysAcceptJsonAndNameTheAgent) {
  const auto headers = request_headers(kGet, caller(), "n", kNow);
  EXPECT_EQ(header(headers, "Accept"), "application/json");
  EXPECT_EQ(header(headers, "User-Agent"), "couponhook");
}

TEST(RequestHeaders, HaveAContentTypeOnlyWithContent) {
  EXPECT_EQ(header(request_headers(kGet, caller(), "n", kNow), "Content-Type"), "");
  EXPECT_EQ(header(request_headers(kPost, caller(), "n", kNow), "Content-Type"),
            "application/json");
}

TEST(RequestHeaders, AskForNoKeyInCertificateMode) {
  EXPECT_EQ(header(request_headers(kGet, caller(), "n", kNow), "Wechatpay-Serial"), "");
}

TEST(RequestHeaders, AskForThePublicKeyInPublicKeyMode) {
  ApiCaller with_key = caller();
  with_key.public_key_id = "PUB_KEY_ID_01";
  EXPECT_EQ(header(request_headers(kGet, with_key, "n", kNow), "Wechatpay-Serial"),
            "PUB_KEY_ID_01");
}

TEST(RequestHeaders, AskForTheKeyThatTheRequestNames) {
  ApiCaller with_key = caller();
  with_key.public_key_id = "PUB_KEY_ID_01";
  ApiRequest echo = kPost;
  echo.platform_serial = "5DEA";
  EXPECT_EQ(header(request_headers(echo, with_key, "n", kNow), "Wechatpay-Serial"), "5DEA");
}

}  // namespace
}  // namespace couponhook::wechatpay
