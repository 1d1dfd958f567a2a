// Tests of certificate serials and public key ids that a user pastes: a clear notation is converted
// to WeChat Pay's form. Any other text is refused with a message that says what the text looks
// like.

#include "server/config/pasted_ids.hpp"

#include <gmock/gmock.h>

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSerial = "5DEA10EF9A8B7C6D5E4F30213243546576879A0B";

TEST(CertificateSerial, IsUpperCaseHexadecimalWhateverItsNotation) {
  for (const std::string_view text :
       {"5DEA10EF9A8B7C6D5E4F30213243546576879A0B", "5dea10ef9a8b7c6d5e4f30213243546576879a0b",
        "5D:EA:10:EF:9A:8B:7C:6D:5E:4F:30:21:32:43:54:65:76:87:9A:0B",
        "5DEA 10EF 9A8B 7C6D 5E4F 3021 3243 5465 7687 9A0B",
        "5dea-10ef-9a8b-7c6d-5e4f-3021-3243-5465-7687-9a0b",
        "0x5DEA10EF9A8B7C6D5E4F30213243546576879A0B", "0X5dea10ef9a8b7c6d5e4f30213243546576879a0b",
        "serial=5DEA10EF9A8B7C6D5E4F30213243546576879A0B",
        "Serial Number: 5d:ea:10:ef:9a:8b:7c:6d:5e:4f:30:21:32:43:54:65:76:87:9a:0b",
        "证书序列号：5DEA10EF9A8B7C6D5E4F30213243546576879A0B",
        "005DEA10EF9A8B7C6D5E4F30213243546576879A0B",
        "\u200b5DEA10EF9A8B7C6D5E4F30213243546576879A0B ",
        "\"5DEA10EF9A8B7C6D5E4F30213243546576879A0B\"",
        "\xEF\xBC\x95"
        "DEA10EF9A8B7C6D5E4F30213243546576879A0B",
        "536155991392559208135102128118344073130772240907"}) {
    EXPECT_EQ(normalise_certificate_serial(text), kSerial) << text;
  }
}

TEST(CertificateSerial, KeepsTheZerosThatBelongToIt) {
  EXPECT_EQ(normalise_certificate_serial("00EA10EF9A8B7C6D5E4F30213243546576879A0B"),
            "00EA10EF9A8B7C6D5E4F30213243546576879A0B");
  EXPECT_EQ(normalise_certificate_serial("0000EA10EF9A8B7C6D5E4F30213243546576879A0B"),
            "00EA10EF9A8B7C6D5E4F30213243546576879A0B");
  EXPECT_EQ(normalise_certificate_serial("0A"), "0A");
  EXPECT_EQ(normalise_certificate_serial("a"), "0A");
  EXPECT_EQ(normalise_certificate_serial("000A"), "0A");
  EXPECT_EQ(normalise_certificate_serial("4096 (0x1000)"), "1000");
}

TEST(CertificateSerial, IsDescribedIfInvalid) {
  EXPECT_EQ(explain_certificate_serial(kSerial), "");
  EXPECT_THAT(explain_certificate_serial(normalise_certificate_serial("pub_key_id_0114 ")),
              HasSubstr("public key"));
  EXPECT_THAT(explain_certificate_serial("5DEA10EG"), HasSubstr("not a hexadecimal number"));
  EXPECT_THAT(explain_certificate_serial("A B"), HasSubstr("a blank"));
  EXPECT_THAT(explain_certificate_serial(std::string(42, 'A')), HasSubstr("42 digits"));
  EXPECT_TRUE(looks_decimal("12345678901234567890"));
  EXPECT_FALSE(looks_decimal("1234"));
  EXPECT_FALSE(looks_decimal(kSerial));
}

TEST(PublicKeyId, IsCleanedAndInCapitals) {
  for (const std::string_view text :
       {"PUB_KEY_ID_01", "pub_key_id_01", " PUB_KEY_ID_01\t", "PUB_KEY_ID_01\u200b",
        "\u201cPUB_KEY_ID_01\u201d", "PUB_KEY_ID_\uff10\uff11"}) {
    EXPECT_EQ(normalise_public_key_id(text), "PUB_KEY_ID_01") << text;
  }
}

TEST(PublicKeyId, IsDescribedIfInvalid) {
  EXPECT_EQ(explain_public_key_id("PUB_KEY_ID_0114232134912410000000000000"), "");
  EXPECT_THAT(explain_public_key_id(kSerial), HasSubstr("certificate's serial"));
  EXPECT_THAT(explain_public_key_id("0114232134912410"), HasSubstr("begin with PUB_KEY_ID_"));
  EXPECT_THAT(explain_public_key_id("PUB_KEY_ID_01 14"), HasSubstr("a blank"));
  EXPECT_THAT(explain_public_key_id("PUB_KEY_ID_"), HasSubstr("and digits"));
  EXPECT_THAT(explain_public_key_id("PUB_KEY_ID_01/14"), HasSubstr("and digits"));
}

TEST(MerchantNumber, StripsOnlyInvisibleCharacters) {
  EXPECT_EQ(normalise_mchid(" 19000\u200b00001\u00a0"), "1900000001");
  EXPECT_EQ(explain_mchid("1900000001"), "");
  EXPECT_THAT(explain_mchid("19000 00001"), HasSubstr("a blank"));
}

}  // namespace
}  // namespace couponhook::server
