// Checks that the webhook signatures follow the Standard Webhooks specification. Python's hmac
// module made the expected signatures. A complete exchange of a webhook is tested in
// tests/integration.

#include "crypto/webhook_signer.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"

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

struct Misspelling {
  std::string text;
  std::string_view remedy;
};

TEST(WebhookSigner, RefusesAMisspeltSecretWithItsRightForm) {
  const std::string base64 = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::vector<Misspelling> misspellings = {
      {"\"whsec_" + base64 + "\"", "remove them"},
      {"'whsec_" + base64 + "'", "remove them"},
      {"\xE2\x80\x9Cwhsec_" + base64 + "\xE2\x80\x9D", "remove them"},
      {"v1,whsec_" + base64, "3 characters before whsec_"},
      {"SECRET=whsec_" + base64, "7 characters before whsec_"},
      {"WHSEC_MFKQ9R8GKYQRTWJUPD8ILPZIO2LALASW", "in capitals"},
      {"Whsec_" + base64, "in capitals"},
      {base64, "put whsec_ in front of it"},
      {"whsk_" + base64, "key pair"},
      {"whsec_-_KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "write + for -"},
      {"whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw", "only a part of it"},
      {"whsec_" + base64 + "\"", "ends with a quote"},
      {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "lacks the ="},
      {"whsec_MfKQ9r8GKYqr\xE2\x80\x8BTwjUPD8ILPZIo2LaLaSw", "a zero-width space"},
      {"31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0", "looks like hexadecimal"},
      {"a-plain-secret-of-some-length", "base64 -w0"},
      {"\xFF\xFEw\0h\0", "UTF-16"},
  };
  for (const Misspelling& misspelling : misspellings) {
    const auto signer = WebhookSigner::from_text(misspelling.text);
    ASSERT_FALSE(signer) << misspelling.text;
    EXPECT_NE(signer.error().find(misspelling.remedy), std::string::npos) << signer.error();
    EXPECT_EQ(signer.error().find("MfKQ9r8"), std::string::npos) << "tells the secret";
  }
}

/// If a webhook secret is plain text, the error message advises to encode the text in base64. This
/// test follows the advice and checks that the key is still the same.
TEST(WebhookSigner, KeepsTheKeyOfAPlainTextThatIsWrittenInBase64) {
  EXPECT_EQ(sign_with("whsec_" + base::base64_encode("a-plain-secret-of-some-length")),
            "v1,/f1kxmi8O54SugS2Be4Kt+s8QOPiH56OpFbp2qZtXFQ=");
  EXPECT_TRUE(WebhookSigner::from_text("whsec_" + base::base64_encode(std::string(128, 'x'))));
  EXPECT_FALSE(WebhookSigner::from_text("whsec_" + base::base64_encode(std::string(129, 'x'))));
}

TEST(WebhookSigner, LeavesOutAByteOrderMarkAndLineEndsOfAnySystem) {
  EXPECT_EQ(sign_with("\xEF\xBB\xBF" + std::string(kSecret) + "\r\n"), kSignature);
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
