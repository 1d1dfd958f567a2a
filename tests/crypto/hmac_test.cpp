// Tests of HMAC-SHA256 and of the signature of APIv2 (WeChat Pay's older interface). Expected
// values: the cases of RFC 4231, a signature published by WeChat Pay, and the test vectors in the
// folder that the environment variable COUPONHOOK_VECTORS gives.

#include "crypto/hmac.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "support/json_file.hpp"

namespace couponhook::crypto {
namespace {

std::string hex(std::string_view key, std::string_view message) {
  return to_hex(hmac_sha256(key, message));
}

TEST(HmacSha256, AgreesWithRfc4231) {
  EXPECT_EQ(hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key of 131 bytes is longer than a block of SHA-256, so HMAC must first replace the key by its
  // digest.
  EXPECT_EQ(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, TakesEmptyKeysAndMessages) {
  EXPECT_EQ(hex({}, {}), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Sha1, AgreesWithFips180) {
  EXPECT_EQ(to_hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(ApiV2Signature, LeavesEmptyFieldsOut) {
  const Secret key{"Zx81QpLmN0vKtR7cYb3WsE5dHuJ9gFaA"};
  EXPECT_EQ(api_v2_signature({{"a", "1"}, {"b", ""}}, key), api_v2_signature({{"a", "1"}}, key));
}

TEST(ApiV2Signature, DiffersUnderAnotherKey) {
  EXPECT_NE(api_v2_signature({{"a", "1"}}, Secret{"one"}),
            api_v2_signature({{"a", "1"}}, Secret{"two"}));
}

TEST(ApiV2Signature, AgreesWithTheVectors) {
  const char* const folder = std::getenv("COUPONHOOK_VECTORS");
  if (folder == nullptr) {
    GTEST_SKIP() << "COUPONHOOK_VECTORS does not name the folder of the SDKs' vectors";
  }
  const auto vector = support::read_json(std::string(folder) + "/h5_sign.json");
  ASSERT_EQ(vector["cases"].Size(), 3U);
  for (const rapidjson::Value& known : vector["cases"].GetArray()) {
    // Read the signed fields from the string to sign, because the test vector does not always list
    // them.
    std::map<std::string, std::string> fields;
    const std::string text = support::text_of(known, "string_to_sign");
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('&', at), text.size());
      const std::size_t equals = text.find('=', at);
      fields[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
      at = end + 1;
    }
    fields.erase("key");
    EXPECT_EQ(api_v2_signature(fields, Secret{support::text_of(known, "api_v2_key")}),
              support::text_of(known, "sign"));
  }
}

}  // namespace
}  // namespace couponhook::crypto
