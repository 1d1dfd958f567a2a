// Goal: what we send is accepted by whoever follows the Standard Webhooks specification. Method:
// signatures made by Python's hmac module; a whole exchange is checked in tests/integration.

#include "crypto/webhook_signer.hpp"

#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kTimestamp = 1614265330;
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr std::string_view kOtherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view kOtherSignature = "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=";

std::string sign_with(std::string_view secrets) {
  return WebhookSigner::from_text(secrets)->sign(kId, kTimestamp, kBody);
}

TEST(WebhookSigner, SignsAsTheSpecificationSays) {
  EXPECT_EQ(sign_with(kSecret), kSignature);
}

TEST(WebhookSigner, SignsWithEverySecretWhileOneIsReplaced) {
  EXPECT_EQ(sign_with(std::string(kSecret) + "\n" + std::string(kOtherSecret) + "\n"),
            std::string(kSignature) + " " + std::string(kOtherSignature));
}

TEST(WebhookSigner, TakesTheBytesOfAPlainSecretForTheKey) {
  EXPECT_EQ(sign_with("a-plain-secret-of-some-length"),
            "v1,/f1kxmi8O54SugS2Be4Kt+s8QOPiH56OpFbp2qZtXFQ=");
}

TEST(WebhookSigner, GivesEveryMessageASignatureOfItsOwn) {
  const auto signer = WebhookSigner::from_text(kSecret);
  EXPECT_NE(signer->sign("another", kTimestamp, kBody), kSignature);
  EXPECT_NE(signer->sign(kId, kTimestamp + 1, kBody), kSignature);
  EXPECT_NE(signer->sign(kId, kTimestamp, "{}"), kSignature);
}

TEST(WebhookSigner, RefusesWhatIsNoSecretWithoutTellingIt) {
  for (const std::string_view text :
       {"", " \n", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_not*base64*not*base64*not*base64",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw short"}) {
    const auto signer = WebhookSigner::from_text(text);
    ASSERT_FALSE(signer) << text;
    EXPECT_NE(signer.error().find("openssl rand"), std::string::npos) << "says what to do";
    EXPECT_EQ(signer.error().find("MfKQ9r8"), std::string::npos);
  }
}

}  // namespace
}  // namespace couponhook::crypto
