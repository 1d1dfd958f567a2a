// Checks that the AES-GCM cipher refuses every changed input, and that the cipher context of a
// thread never mixes two keys. The tests encrypt a text and then change each input in turn.
// known_answers_test.cpp tests AES-GCM itself.

#include "crypto/resource_cipher.hpp"

#include <array>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "base/base64.hpp"
#include "support/error_messages.hpp"

namespace couponhook::crypto {
namespace {

constexpr std::string_view kNonce = "fdasflkja484";
constexpr std::string_view kAssociated = "coupon";
const std::string kPlaintext = R"({"stock_id":"9865888","coupon_id":"98674556"})";

ResourceCipher cipher_of(std::size_t key_bytes, char fill = 'k') {
  return ResourceCipher{Secret{std::string(key_bytes, fill)}};
}

const ResourceCipher& cipher() {
  static const ResourceCipher instance = cipher_of(32);
  return instance;
}

const std::string& sealed() {
  static const std::string text = cipher().seal(kNonce, kAssociated, kPlaintext);
  return text;
}

TEST(ResourceCipher, OpensWhatItSealedUnderEveryKeyLength) {
  for (const std::size_t key_bytes : {16U, 24U, 32U}) {
    const ResourceCipher any = cipher_of(key_bytes);
    EXPECT_EQ(*any.open(kNonce, kAssociated, any.seal(kNonce, kAssociated, kPlaintext)),
              kPlaintext);
  }
}

TEST(ResourceCipher, OpensAnEmptyPlaintext) {
  EXPECT_EQ(*cipher().open(kNonce, kAssociated, cipher().seal(kNonce, kAssociated, "")), "");
}

TEST(ResourceCipher, OpensWithoutAssociatedData) {
  EXPECT_EQ(*cipher().open(kNonce, "", cipher().seal(kNonce, "", kPlaintext)), kPlaintext);
}

TEST(ResourceCipher, OpensAMebibyte) {
  const std::string large(std::size_t{1} << 20, 'x');
  EXPECT_EQ(*cipher().open(kNonce, kAssociated, cipher().seal(kNonce, kAssociated, large)), large);
}

TEST(ResourceCipher, RefusesKeysOfOtherLengths) {
  for (const std::size_t key_bytes : {0U, 15U, 17U, 31U, 33U, 64U}) {
    EXPECT_THROW(cipher_of(key_bytes), std::invalid_argument) << key_bytes;
  }
}

TEST(ResourceCipher, RefusesACiphertextThatIsNotBase64) {
  EXPECT_EQ(cipher().open(kNonce, kAssociated, sealed() + "\n").error(), OpenError::kBadEncoding);
}

TEST(ResourceCipher, RefusesWhatIsShorterThanATag) {
  for (const std::size_t length : {0U, 1U, 15U}) {
    const std::string text = base::base64_encode(std::string(length, 'x'));
    EXPECT_EQ(cipher().open(kNonce, kAssociated, text).error(), OpenError::kTooShort) << length;
  }
}

TEST(ResourceCipher, RefusesATagOfNothing) {
  const std::string text = base::base64_encode(std::string(16, 'x'));
  EXPECT_EQ(cipher().open(kNonce, kAssociated, text).error(), OpenError::kTagMismatch);
}

TEST(ResourceCipher, RefusesNoncesOfOtherLengths) {
  for (const std::string_view nonce :
       {"", "fdasflkja48", "fdasflkja4840", "fdasflkja484fdasflkja"}) {
    EXPECT_EQ(cipher().open(nonce, kAssociated, sealed()).error(), OpenError::kBadNonce) << nonce;
    EXPECT_THROW(static_cast<void>(cipher().seal(nonce, kAssociated, kPlaintext)),
                 std::invalid_argument);
  }
}

TEST(ResourceCipher, RefusesEachFlippedBitOfTheCiphertext) {
  std::string bytes = *base::base64_decode(sealed());
  for (char& byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      ASSERT_EQ(cipher().open(kNonce, kAssociated, base::base64_encode(bytes)).error(),
                OpenError::kTagMismatch);
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
}

TEST(ResourceCipher, RefusesEachShorterCiphertext) {
  const std::string bytes = *base::base64_decode(sealed());
  for (std::size_t length = 16; length < bytes.size(); ++length) {
    ASSERT_EQ(
        cipher().open(kNonce, kAssociated, base::base64_encode(bytes.substr(0, length))).error(),
        OpenError::kTagMismatch);
  }
}

TEST(ResourceCipher, RefusesAnotherNonce) {
  EXPECT_EQ(cipher().open("fdasflkja485", kAssociated, sealed()).error(), OpenError::kTagMismatch);
}

TEST(ResourceCipher, RefusesOtherAssociatedData) {
  for (const std::string_view other : {"", "coupo", "Coupon", "coupons"}) {
    EXPECT_EQ(cipher().open(kNonce, other, sealed()).error(), OpenError::kTagMismatch) << other;
  }
}

TEST(ResourceCipher, RefusesAnotherKey) {
  EXPECT_EQ(cipher_of(32, 'q').open(kNonce, kAssociated, sealed()).error(),
            OpenError::kTagMismatch);
}

TEST(ResourceCipher, OpensAfterARefusal) {
  ASSERT_FALSE(cipher().open("fdasflkja485", kAssociated, sealed()));
  EXPECT_EQ(*cipher().open(kNonce, kAssociated, sealed()), kPlaintext);
}

TEST(ResourceCipher, KeepsKeysApartOnOneThread) {
  // Use three ciphers in turn, so that the OpenSSL context of the thread contains the key of
  // another cipher before each message.
  const std::array<ResourceCipher, 3> ciphers{cipher_of(32, 'a'), cipher_of(32, 'b'),
                                              cipher_of(16, 'a')};
  for (const ResourceCipher& sealing : ciphers) {
    const std::string text = sealing.seal(kNonce, kAssociated, kPlaintext);
    for (const ResourceCipher& opening : ciphers) {
      EXPECT_EQ(opening.open(kNonce, kAssociated, text).has_value(), &opening == &sealing);
    }
  }
}

TEST(ResourceCipher, ForgetsAKeyThatAnotherReplaced) {
  // The second cipher probably gets the same memory address as the first cipher, which was
  // destroyed. The second cipher must nevertheless use its own key and not the key of the first
  // one.
  std::string text;
  {
    const ResourceCipher first = cipher_of(32, 'a');
    text = first.seal(kNonce, kAssociated, kPlaintext);
    ASSERT_TRUE(first.open(kNonce, kAssociated, text));
  }
  const ResourceCipher second = cipher_of(32, 'b');
  EXPECT_EQ(second.open(kNonce, kAssociated, text).error(), OpenError::kTagMismatch);
}

TEST(ResourceCipher, LeavesOpensslsErrorQueueEmptyAfterARefusal) {
  ASSERT_FALSE(cipher().open(kNonce, "other", sealed()));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ApiV3Cipher, UsesTheBytesOfTheFileAsTheKey) {
  const auto made = api_v3_cipher(Secret{std::string(32, 'k')});
  ASSERT_TRUE(made);
  EXPECT_EQ(*made->open(kNonce, kAssociated, sealed()), kPlaintext);
}

TEST(ApiV3Cipher, StripsInvisibleCharactersAroundAPastedKey) {
  const std::string key(32, 'k');
  for (const std::string& content : {key + "\n", key + "\r\n", key + "\n\n", key + " \t",
                                     "\n" + key, "\xEF\xBB\xBF" + key + "\n", key + "\xE2\x80\x8B",
                                     key + "\xC2\xA0", key + "\xE3\x80\x80"}) {
    const auto made = api_v3_cipher(Secret{std::string(content)});
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(*made->open(kNonce, kAssociated, sealed()), kPlaintext);
  }
}

TEST(ApiV3Cipher, RefusesKeysThatAreNot32Bytes) {
  for (const std::string& content : {std::string{}, std::string{"\n"}, std::string(16, 'k'),
                                     std::string(31, 'k'), std::string(33, 'k')}) {
    EXPECT_FALSE(api_v3_cipher(Secret{std::string{content}})) << content.size();
  }
}

TEST(ApiV3Cipher, ReportsUnusualCharactersInAKeyOf32Bytes) {
  const auto why = [](std::string content) {
    const auto made = api_v3_cipher(Secret{std::move(content)});
    return made ? std::string("none") : made.error().text();
  };
  EXPECT_THAT(why(std::string(31, 'k') + " "), testing::HasSubstr("this has 31 bytes"));
  EXPECT_THAT(why('"' + std::string(30, 'k') + '"'), testing::HasSubstr("quotes"));
  EXPECT_THAT(why(std::string(15, 'k') + " " + std::string(16, 'k')),
              testing::HasSubstr("remove a blank"));
  EXPECT_THAT(why(std::string(29, 'k') + "\xEF\xBC\x91"),
              testing::HasSubstr("a full-width character (U+FF11)"));
}

TEST(ApiV3Cipher, ReportsTheLengthButNotTheKey) {
  const std::string error = api_v3_cipher(Secret{std::string(31, 'k')}).error().text();
  EXPECT_THAT(error, testing::HasSubstr("31"));
  EXPECT_THAT(error, testing::Not(testing::HasSubstr("kkk")));
}

TEST(ApiV3KeyError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(ApiV3KeyError::kOddCharacter);
}

TEST(OpenError, IsDescribedInWords) {
  for (const OpenError error : {OpenError::kBadEncoding, OpenError::kTooShort, OpenError::kBadNonce,
                                OpenError::kTagMismatch}) {
    EXPECT_THAT(describe(error), testing::Not(testing::HasSubstr("unknown")));
  }
}

}  // namespace
}  // namespace couponhook::crypto
