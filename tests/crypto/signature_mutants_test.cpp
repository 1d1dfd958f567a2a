// Checks that the signature verifier refuses every change to a signed request. The tests make about
// 20,000 changed requests (mutants), in each of which one bit or byte differs. The tolerance for
// the timestamp is very large, so that a request with a changed timestamp can be refused only for
// its signature.

#include <cctype>
#include <string>

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "platform.hpp"

namespace couponhook::crypto {
namespace {

class SignatureMutants : public testing::Test {
 protected:
  [[nodiscard]] int verify(const Request& request) const {
    constexpr std::chrono::seconds kAnyTime{1'000'000'000'000};
    return answer(verify_signature(keys_, request.parts(), kAnyTime, kNow));
  }

  /// Replaces each byte of one part of the signed request by every other value, and expects that
  /// the verifier refuses each changed request.
  void expect_every_byte_counts(std::string Request::*part) const {
    Request mutant = original_;
    for (char& byte : mutant.*part) {
      const char right = byte;
      for (int value = 0; value < 256; ++value) {
        byte = static_cast<char>(value);
        if (byte == right) continue;
        ASSERT_NE(verify(mutant), kAccepted) << testing::PrintToString(mutant.*part);
      }
      byte = right;
    }
  }

  const PlatformKeys keys_ = Platform::instance().keys();
  const Request original_ = signed_request();
};

TEST_F(SignatureMutants, StartFromAnAcceptedRequest) {
  EXPECT_EQ(verify(original_), kAccepted);
}

TEST_F(SignatureMutants, AreRefusedForEachBitOfTheSignature) {
  std::string bytes = *base::base64_decode(original_.signature);
  ASSERT_EQ(bytes.size(), 256U);
  Request mutant = original_;
  for (char& byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      mutant.signature = base::base64_encode(bytes);
      ASSERT_EQ(verify(mutant), code(VerifyError::kSignatureMismatch));
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
}

TEST_F(SignatureMutants, AreRefusedForEachKindOfCharacterInTheSignature) {
  const std::string kinds{"AZaz09+/=-_ \t\r\n*.\0\x7F\x80\xFF", 21};
  Request mutant = original_;
  for (char& character : mutant.signature) {
    const char right = character;
    for (const char kind : kinds) {
      character = kind;
      if (kind == right) continue;
      ASSERT_NE(verify(mutant), kAccepted) << mutant.signature;
    }
    character = right;
  }
}

TEST_F(SignatureMutants, AreRefusedForEachCharacterMissingOrDoubledInTheSignature) {
  for (std::size_t i = 0; i < original_.signature.size(); ++i) {
    Request mutant = original_;
    mutant.signature.erase(i, 1);
    ASSERT_NE(verify(mutant), kAccepted);
    mutant.signature = original_.signature;
    mutant.signature.insert(i, 1, mutant.signature[i]);
    ASSERT_NE(verify(mutant), kAccepted);
  }
}

TEST_F(SignatureMutants, AreRefusedForEachByteOfTheTimestamp) {
  expect_every_byte_counts(&Request::timestamp);
}

TEST_F(SignatureMutants, AreRefusedForATimestampOfTheSameValueInOtherWords) {
  Request mutant = original_;
  for (const char* prefix : {"0", "00", "+", " "}) {
    mutant.timestamp = prefix + original_.timestamp;
    EXPECT_NE(verify(mutant), kAccepted) << mutant.timestamp;
  }
}

TEST_F(SignatureMutants, AreRefusedForEachByteOfTheNonce) {
  expect_every_byte_counts(&Request::nonce);
}

TEST_F(SignatureMutants, AreRefusedForEachByteOfTheBody) {
  expect_every_byte_counts(&Request::body);
}

TEST_F(SignatureMutants, AreRefusedForEachByteMissingOrDoubledInTheBody) {
  // If two neighbouring bytes are equal, doubling either of them gives the same changed body, so
  // that body is tested twice. This is harmless.
  for (std::size_t i = 0; i < original_.body.size(); ++i) {
    Request mutant = original_;
    mutant.body.erase(i, 1);
    ASSERT_NE(verify(mutant), kAccepted);
    mutant.body = original_.body;
    mutant.body.insert(i, 1, mutant.body[i]);
    ASSERT_NE(verify(mutant), kAccepted);
  }
}

TEST_F(SignatureMutants, AreRefusedForEachByteOfTheSerial) {
  Request mutant = original_;
  for (char& digit : mutant.serial) {
    const char right = digit;
    for (int value = 0; value < 256; ++value) {
      // Skip a hexadecimal digit that differs only in lower and upper case, because it gives the
      // same serial.
      if (std::toupper(value) == right) continue;
      digit = static_cast<char>(value);
      ASSERT_EQ(verify(mutant), code(VerifyError::kSerialUnknown)) << mutant.serial;
    }
    digit = right;
  }
}

TEST_F(SignatureMutants, AreRefusedWhenTextMovesBetweenTheParts) {
  Request mutant = original_;
  mutant.nonce = original_.nonce + original_.body.substr(0, 1);
  mutant.body = original_.body.substr(1);
  EXPECT_EQ(verify(mutant), code(VerifyError::kSignatureMismatch));
  mutant = original_;
  mutant.timestamp = original_.timestamp + "1";
  EXPECT_EQ(verify(mutant), code(VerifyError::kSignatureMismatch));
}

}  // namespace
}  // namespace couponhook::crypto
