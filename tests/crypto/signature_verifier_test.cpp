// Tests of the signature verifier: it reports the right reason for each refusal, and makes the
// checks in the order that signature_verifier.hpp documents. Each test takes a correctly signed
// request and makes one or several parts of it wrong.

#include "crypto/signature_verifier.hpp"

#include <cctype>
#include <limits>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "platform.hpp"

namespace couponhook::crypto {
namespace {

using std::chrono::seconds;

class SignatureVerifier : public testing::Test {
 protected:
  [[nodiscard]] int verify(std::chrono::sys_seconds now = kNow) const {
    return answer(verify_signature(keys_, request_.parts(), kTolerance, now));
  }
  void set_timestamp(std::string text) {
    request_.timestamp = std::move(text);
    request_.sign(Platform::instance().signer);
  }

  PlatformKeys keys_ = Platform::instance().keys();
  Request request_ = signed_request();
};

TEST_F(SignatureVerifier, AcceptsASignedRequest) {
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, AcceptsAnEmptyBody) {
  request_.body.clear();
  request_.sign(Platform::instance().signer);
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, AcceptsTheAlgorithmByItsName) {
  request_.signature_type = "WECHATPAY2-SHA256-RSA2048";
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, AcceptsASerialInLowerCase) {
  for (char& digit : request_.serial) digit = static_cast<char>(std::tolower(digit));
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, AcceptsByPublicKeyIdDuringAMigration) {
  ASSERT_TRUE(keys_.add_public_key("PUB_KEY_ID_01", Platform::instance().pair.public_key_pem));
  EXPECT_EQ(verify(), kAccepted);
  request_.serial = "PUB_KEY_ID_01";
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, RefusesWhenAnyHeaderIsEmpty) {
  for (std::string Request::*header :
       {&Request::timestamp, &Request::nonce, &Request::serial, &Request::signature}) {
    request_ = signed_request();
    (request_.*header).clear();
    EXPECT_EQ(verify(), code(VerifyError::kHeadersMissing));
  }
}

TEST_F(SignatureVerifier, AcceptsATimestampAtTheEdgeOfTheTolerance) {
  EXPECT_EQ(verify(kNow + kTolerance), kAccepted);
  EXPECT_EQ(verify(kNow - kTolerance), kAccepted);
}

TEST_F(SignatureVerifier, RefusesATimestampBeyondTheTolerance) {
  EXPECT_EQ(verify(kNow + kTolerance + seconds{1}), code(VerifyError::kTimestampInvalid));
  EXPECT_EQ(verify(kNow - kTolerance - seconds{1}), code(VerifyError::kTimestampInvalid));
}

TEST_F(SignatureVerifier, RefusesATimestampThatIsNotDecimalDigits) {
  for (const char* text :
       {"+1700000000", "-1700000000", " 1700000000", "1700000000 ", "1700000000\n", "1700000000.0",
        "1.7e9", "0x6553F100", "1700000000s", "now", "-", "１７"}) {
    set_timestamp(text);
    EXPECT_EQ(verify(), code(VerifyError::kTimestampInvalid)) << text;
  }
}

TEST_F(SignatureVerifier, RefusesAMinusSignEvenWhereTheTimeWouldDo) {
  for (const char* text : {"-0", "-1"}) {
    set_timestamp(text);
    EXPECT_EQ(verify(std::chrono::sys_seconds{}), code(VerifyError::kTimestampInvalid)) << text;
  }
}

TEST_F(SignatureVerifier, RefusesTimestampsThatDoNotFit) {
  for (const char* text : {"9223372036854775807", "9223372036854775808", "18446744075409551616",
                           "00000000001700000000", "99999999999999999999999999"}) {
    set_timestamp(text);
    EXPECT_EQ(verify(), code(VerifyError::kTimestampInvalid)) << text;
  }
}

TEST_F(SignatureVerifier, SurvivesTheExtremesOfTime) {
  set_timestamp("9223372036854775807");
  const std::chrono::sys_seconds first{seconds{std::numeric_limits<std::int64_t>::min()}};
  EXPECT_EQ(verify(first), code(VerifyError::kTimestampInvalid));
}

TEST_F(SignatureVerifier, AcceptsNothingUnderANegativeTolerance) {
  EXPECT_EQ(answer(verify_signature(keys_, request_.parts(), seconds{-1}, kNow)),
            code(VerifyError::kTimestampInvalid));
}

TEST_F(SignatureVerifier, RefusesOtherAlgorithms) {
  for (const char* type : {"WECHATPAY2-SM2-WITH-SM3", "WECHATPAY-BRAND-SHA256-RSA2048",
                           "wechatpay2-sha256-rsa2048", "WECHATPAY2-SHA256-RSA2048 ", "none"}) {
    request_.signature_type = type;
    EXPECT_EQ(verify(), code(VerifyError::kUnknownAlgorithm)) << type;
  }
}

TEST_F(SignatureVerifier, RefusesASerialThatIsNotLoaded) {
  request_.serial = "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC";
  EXPECT_EQ(verify(), code(VerifyError::kSerialUnknown));
}

TEST_F(SignatureVerifier, KnowsNoKeysAtFirst) {
  keys_ = PlatformKeys{};
  EXPECT_EQ(verify(), code(VerifyError::kSerialUnknown));
}

TEST_F(SignatureVerifier, AcceptsACertificateInItsLastSecond) {
  const auto last = *keys_.list().front().expires_at;
  set_timestamp(std::to_string(last.time_since_epoch().count()));
  EXPECT_EQ(verify(last), kAccepted);
}

TEST_F(SignatureVerifier, TakesAnExpiredCertificateForUnknown) {
  const auto late = *keys_.list().front().expires_at + seconds{1};
  set_timestamp(std::to_string(late.time_since_epoch().count()));
  EXPECT_EQ(verify(late), code(VerifyError::kSerialUnknown));
}

TEST_F(SignatureVerifier, RecognisesAProbe) {
  request_.signature = "WECHATPAY/SIGNTEST/" + request_.signature.substr(19);
  EXPECT_EQ(verify(), code(VerifyError::kProbe));
}

TEST_F(SignatureVerifier, RecognisesAProbeOfAnyLength) {
  request_.signature = "WECHATPAY/SIGNTEST/";
  EXPECT_EQ(verify(), code(VerifyError::kProbe));
}

TEST_F(SignatureVerifier, RefusesASignatureOfAnotherLength) {
  // All these texts are valid base64, but none can be a signature: they decode to 255, 258, 3 and
  // 512 bytes, and a signature made with this key has 256 bytes.
  for (const std::string& text : {std::string(340, 'A'), std::string(344, 'A'), std::string{"AAAA"},
                                  std::string(683, 'A') + "="}) {
    request_.signature = text;
    EXPECT_EQ(verify(), code(VerifyError::kSignatureEncoding)) << text.size();
  }
}

TEST_F(SignatureVerifier, RefusesASignatureThatIsNotBase64) {
  request_.signature[100] = '*';
  EXPECT_EQ(verify(), code(VerifyError::kSignatureEncoding));
}

TEST_F(SignatureVerifier, RefusesASignatureThatIsNotBelowTheModulus) {
  request_.signature = std::string(341, '/') + "w==";
  EXPECT_EQ(verify(), code(VerifyError::kSignatureMismatch));
}

TEST_F(SignatureVerifier, RefusesASignatureOfZeros) {
  request_.signature = std::string(342, 'A') + "==";
  EXPECT_EQ(verify(), code(VerifyError::kSignatureMismatch));
}

TEST_F(SignatureVerifier, RefusesTheSignatureOfAnotherKey) {
  const Platform other;
  request_.sign(other.signer);
  EXPECT_EQ(verify(), code(VerifyError::kSignatureMismatch));
}

TEST_F(SignatureVerifier, RefusesALineMovedFromTheBodyIntoTheNonce) {
  request_.body = "first\nsecond";
  request_.sign(Platform::instance().signer);
  ASSERT_EQ(verify(), kAccepted);
  request_.nonce += "\nfirst";
  request_.body = "second";
  EXPECT_EQ(verify(), code(VerifyError::kSignatureMismatch));
}

TEST_F(SignatureVerifier, NamesTheFirstCheckThatFailed) {
  // Make every part of the request wrong. Then repair one part after the other, in the order of the
  // verifier's checks, and expect the error of the next check each time.
  request_ = {.timestamp = "now",
              .nonce = "",
              .serial = "00",
              .signature = "WECHATPAY/SIGNTEST/*",
              .signature_type = "none",
              .body = ""};
  EXPECT_EQ(verify(), code(VerifyError::kHeadersMissing));
  request_.nonce = "nonce";
  EXPECT_EQ(verify(), code(VerifyError::kTimestampInvalid));
  request_.timestamp = Request{}.timestamp;
  EXPECT_EQ(verify(), code(VerifyError::kUnknownAlgorithm));
  request_.signature_type.clear();
  EXPECT_EQ(verify(), code(VerifyError::kSerialUnknown));
  request_.serial = Platform::instance().pair.serial;
  EXPECT_EQ(verify(), code(VerifyError::kProbe));
  request_.signature = "*";
  EXPECT_EQ(verify(), code(VerifyError::kSignatureEncoding));
  request_.signature = signed_request().signature;
  EXPECT_EQ(verify(), code(VerifyError::kSignatureMismatch));
  request_.sign(Platform::instance().signer);
  EXPECT_EQ(verify(), kAccepted);
}

TEST_F(SignatureVerifier, LeavesOpensslsErrorQueueEmptyAfterARefusal) {
  request_.body += ' ';
  ASSERT_EQ(verify(), code(VerifyError::kSignatureMismatch));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(SignatureVerifier, UsesTheNewKeyAfterAReloadUnderTheSameId) {
  const Platform other;
  request_.serial = "PUB_KEY_ID_01";
  for (const Platform* platform : {&Platform::instance(), &other, &Platform::instance()}) {
    keys_ = PlatformKeys{};
    ASSERT_TRUE(keys_.add_public_key("PUB_KEY_ID_01", platform->pair.public_key_pem));
    request_.sign(Platform::instance().signer);
    const bool ours = platform == &Platform::instance();
    EXPECT_EQ(verify(), ours ? kAccepted : code(VerifyError::kSignatureMismatch));
  }
}

TEST_F(SignatureVerifier, ServesMoreKeysThanAThreadKeepsContextsFor) {
  constexpr int kKeys = 40;
  for (int i = 0; i < kKeys; ++i) {
    const std::string id = "PUB_KEY_ID_" + std::to_string(i);
    ASSERT_TRUE(keys_.add_public_key(id, Platform::instance().pair.public_key_pem));
  }
  for (int round = 0; round < 2 * kKeys; ++round) {
    request_.serial = "PUB_KEY_ID_" + std::to_string(round % kKeys);
    EXPECT_EQ(verify(), kAccepted) << request_.serial;
  }
}

}  // namespace
}  // namespace couponhook::crypto
