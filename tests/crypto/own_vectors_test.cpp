// Checks couponhook's cryptography against independent tools, without files from outside the
// repository. The script tests/vectors/make_vectors.sh made the notification that the tests use:
// the openssl command line signed it, and Python encrypted it.

#include <gtest/gtest.h>

#include "crypto/resource_cipher.hpp"
#include "platform.hpp"
#include "support/json_file.hpp"
#include "support/parse_json.hpp"

namespace couponhook::crypto {
namespace {

using support::read_json;
using support::text_of;

class OwnVectors : public testing::Test {
 protected:
  OwnVectors() {
    request_.timestamp = text_of(vector_, "timestamp");
    request_.nonce = text_of(vector_, "nonce");
    request_.serial = text_of(vector_, "serial");
    request_.signature = text_of(vector_, "signature");
    request_.body = text_of(vector_, "body");
  }
  [[nodiscard]] int verify(const PlatformKeys& keys) const {
    const std::chrono::sys_seconds now{std::chrono::seconds{std::stoll(request_.timestamp)}};
    return answer(verify_signature(keys, request_.parts(), kTolerance, now));
  }

  rapidjson::Document vector_ = read_json(COUPONHOOK_TEST_DATA "/../vectors/notification.json");
  Request request_;
};

TEST_F(OwnVectors, AreVerifiedWithTheCertificate) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_certificate(text_of(vector_, "certificate_pem")));
  EXPECT_EQ(verify(keys), kAccepted);
}

TEST_F(OwnVectors, AreVerifiedWithThePublicKey) {
  PlatformKeys keys;
  request_.serial = text_of(vector_, "public_key_id");
  ASSERT_TRUE(keys.add_public_key(request_.serial, text_of(vector_, "public_key_pem")));
  EXPECT_EQ(verify(keys), kAccepted);
}

TEST_F(OwnVectors, AreRefusedWithAnotherBody) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_certificate(text_of(vector_, "certificate_pem")));
  request_.body += ' ';
  EXPECT_EQ(verify(keys), code(VerifyError::kSignatureMismatch));
}

TEST_F(OwnVectors, AreOpenedAndSealedToTheSameText) {
  rapidjson::Document envelope;
  envelope = support::parse_json(request_.body);
  const rapidjson::Value& resource = envelope["resource"];
  const auto cipher = api_v3_cipher(Secret{text_of(vector_, "api_v3_key")});
  ASSERT_TRUE(cipher);

  const auto plaintext =
      cipher->open(text_of(resource, "nonce"), text_of(resource, "associated_data"),
                   text_of(resource, "ciphertext"));
  ASSERT_TRUE(plaintext);
  EXPECT_EQ(*plaintext, text_of(vector_, "plaintext"));
  EXPECT_EQ(
      cipher->seal(text_of(resource, "nonce"), text_of(resource, "associated_data"), *plaintext),
      text_of(resource, "ciphertext"));
}

}  // namespace
}  // namespace couponhook::crypto
