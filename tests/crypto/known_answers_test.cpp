// Checks that couponhook's cryptography agrees with WeChat Pay's own SDKs. The test vectors come
// from the public tests of wechatpay-go and wechatpay-java. They are not part of this repository:
// the tests read them from the folder that the environment variable COUPONHOOK_VECTORS gives.

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/resource_cipher.hpp"
#include "crypto/rsa_verify.hpp"
#include "platform.hpp"
#include "support/json_file.hpp"
#include "support/parse_json.hpp"

namespace couponhook::crypto {
namespace {

using support::read_json;
using support::text_of;

using std::chrono::seconds;
using std::chrono::sys_seconds;

class KnownAnswers : public testing::Test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("COUPONHOOK_VECTORS");
    if (folder == nullptr) {
      GTEST_SKIP() << "COUPONHOOK_VECTORS does not name the folder of the SDKs' vectors";
    }
    folder_ = folder;
  }
  [[nodiscard]] rapidjson::Document read(const std::string& name) const {
    return read_json(folder_ + "/" + name);
  }

 private:
  std::string folder_;
};

ResourceCipher cipher_with(const std::string& key) {
  return ResourceCipher{Secret{std::string{key}}};
}

// ---- The next tests check a complete notification from the tests of wechatpay-go (WeChat Pay's
// SDK).

class KnownNotification : public KnownAnswers {
 protected:
  void SetUp() override {
    KnownAnswers::SetUp();
    if (IsSkipped()) return;
    vector_ = read("go_notify_rsa_aesgcm.json");
    const rapidjson::Value& headers = vector_["headers"];
    request_.timestamp = text_of(headers, "Wechatpay-Timestamp");
    request_.nonce = text_of(headers, "Wechatpay-Nonce");
    request_.serial = text_of(headers, "Wechatpay-Serial");
    request_.signature = text_of(headers, "Wechatpay-Signature");
    request_.body = text_of(vector_, "body");
    now_ = sys_seconds{seconds{vector_["evaluate_at_unix"].GetInt64()}};
  }

  rapidjson::Document vector_;
  Request request_;
  sys_seconds now_;
};

TEST_F(KnownNotification, IsVerifiedWithTheCertificate) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_certificate(text_of(vector_, "platform_certificate_pem")));
  EXPECT_EQ(answer(verify_signature(keys, request_.parts(), kTolerance, now_)), kAccepted);
}

TEST_F(KnownNotification, IsVerifiedWithThePublicKey) {
  PlatformKeys keys;
  request_.serial = "PUB_KEY_ID_01";
  ASSERT_TRUE(keys.add_public_key(request_.serial, text_of(vector_, "platform_public_key_pem")));
  EXPECT_EQ(answer(verify_signature(keys, request_.parts(), kTolerance, now_)), kAccepted);
}

TEST_F(KnownNotification, IsRefusedAtAnotherTime) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_certificate(text_of(vector_, "platform_certificate_pem")));
  EXPECT_EQ(answer(verify_signature(keys, request_.parts(), kTolerance, now_ + seconds{301})),
            code(VerifyError::kTimestampInvalid));
}

TEST_F(KnownNotification, IsOpened) {
  rapidjson::Document envelope;
  envelope = support::parse_json(request_.body);
  const rapidjson::Value& resource = envelope["resource"];
  const auto plaintext = cipher_with(text_of(vector_, "api_v3_key"))
                             .open(text_of(resource, "nonce"), text_of(resource, "associated_data"),
                                   text_of(resource, "ciphertext"));
  ASSERT_TRUE(plaintext);
  EXPECT_EQ(*plaintext, text_of(vector_, "expected_plaintext"));
}

// ---- The next tests check AES-GCM with published test vectors.

/// Decrypts the ciphertext of an AES-GCM test vector. If `changed` contains a JSON member, its
/// value is used in place of the vector's value.
boost::system::result<std::string, OpenError> open(const rapidjson::Value& vector,
                                                   const rapidjson::Value& changed) {
  const auto member = [&](const char* name) {
    return text_of(changed, name, text_of(vector, name));
  };
  const std::string ciphertext = text_of(changed, "ciphertext_base64", member("ciphertext"));
  return cipher_with(member("key")).open(member("nonce"), member("associated_data"), ciphertext);
}

TEST_F(KnownAnswers, OfAesGcmAreOpened) {
  for (const char* name : {"go_aes_gcm_hello.json", "java_aes_gcm_message.json"}) {
    const rapidjson::Document vector = read(name);
    const auto plaintext = open(vector, vector);
    ASSERT_TRUE(plaintext) << name;
    EXPECT_EQ(*plaintext, text_of(vector, "expected_plaintext"));
  }
}

TEST_F(KnownAnswers, OfAesGcmAreSealedToTheSameText) {
  for (const char* name : {"go_aes_gcm_hello.json", "java_aes_gcm_message.json"}) {
    const rapidjson::Document vector = read(name);
    EXPECT_EQ(cipher_with(text_of(vector, "key"))
                  .seal(text_of(vector, "nonce"), text_of(vector, "associated_data"),
                        text_of(vector, "expected_plaintext")),
              text_of(vector, "ciphertext"));
  }
}

TEST_F(KnownAnswers, OfAesGcmThatMustFailDo) {
  for (const char* name : {"go_aes_gcm_hello.json", "java_aes_gcm_message.json"}) {
    const rapidjson::Document vector = read(name);
    ASSERT_GE(vector["must_fail"].Size(), 3U);
    for (const rapidjson::Value& changed : vector["must_fail"].GetArray()) {
      if (text_of(changed, "why") == "bad key length") {
        EXPECT_THROW(cipher_with(text_of(changed, "key")), std::invalid_argument);
      } else {
        EXPECT_FALSE(open(vector, changed)) << name << " " << text_of(changed, "why");
      }
    }
  }
}

// ---- The next tests check RSA signatures of plain messages (not notifications) from the tests of
// wechatpay-java (WeChat Pay's SDK).

/// Returns true if the signature in an RSA test vector is valid under the only key in `keys`.
bool verifies(const PlatformKeys& keys, const rapidjson::Value& vector) {
  const PlatformKeys::Key* const key = keys.find(keys.list().front().serial);
  return rsa_verify(*key, sha256(text_of(vector, "message")),
                    *base::base64_decode(text_of(vector, "signature")));
}

TEST_F(KnownAnswers, OfRsaAreVerified) {
  const rapidjson::Document vector = read("java_rsa_verify_message.json");
  PlatformKeys keys;
  const auto info = keys.add_certificate(text_of(vector, "certificate_pem"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->serial, text_of(vector, "serial"));
  EXPECT_TRUE(verifies(keys, vector));
}

TEST_F(KnownAnswers, OfRsaAreRefusedUnderAnotherPublicKey) {
  const rapidjson::Document vector = read("java_rsa_verify_message.json");
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_public_key("PUB_KEY_ID_01", text_of(vector, "negative_public_key_pem")));
  EXPECT_FALSE(verifies(keys, vector));
}

TEST_F(KnownAnswers, OfRsaAreRefusedUnderAnotherCertificate) {
  const rapidjson::Document vector = read("java_rsa_verify_message.json");
  PlatformKeys keys;
  const auto info = keys.add_certificate(text_of(vector, "wechat_pay_certificate_pem"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->serial, text_of(vector, "wechat_pay_certificate_serial"));
  EXPECT_FALSE(verifies(keys, vector));
}

// ---- The next tests check a reply to the certificate download, from the tests of wechatpay-java
// (WeChat Pay's SDK).

TEST_F(KnownAnswers, OfTheCertificateDownloadAreOpenedAndLoaded) {
  const rapidjson::Document vector = read("java_certificates_response.json");
  rapidjson::Document response;
  response = support::parse_json(text_of(vector, "response_body"));
  const rapidjson::Value& sealed = response["data"][0]["encrypt_certificate"];

  const auto cipher = api_v3_cipher(Secret{text_of(vector, "api_v3_key")});
  ASSERT_TRUE(cipher);
  const auto pem = cipher->open(text_of(sealed, "nonce"), text_of(sealed, "associated_data"),
                                text_of(sealed, "ciphertext"));
  ASSERT_TRUE(pem);
  EXPECT_EQ(*pem, text_of(vector, "expected_certificate_pem"));
  PlatformKeys keys;
  EXPECT_EQ(keys.add_certificate(*pem)->serial, text_of(vector, "expected_serial"));
}

}  // namespace
}  // namespace couponhook::crypto
