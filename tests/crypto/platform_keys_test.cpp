// Tests of PlatformKeys, the set of WeChat Pay's public keys: a key is found by every spelling of
// its serial, and keys of a wrong kind are refused. The tests make the keys with OpenSSL.

#include "crypto/platform_keys.hpp"

#include <algorithm>
#include <cctype>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/base64.hpp"
#include "crypto/openssl.hpp"
#include "platform.hpp"

namespace couponhook::crypto {
namespace {

const std::string kId = "PUB_KEY_ID_0114232134912410000000000000";

std::string pem_of(const std::string& der) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  PEM_write_bio(bio.get(), PEM_STRING_PUBLIC, "",
                reinterpret_cast<const unsigned char*>(der.data()), static_cast<long>(der.size()));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Returns an RSA public key (SubjectPublicKeyInfo, DER) whose modulus is 2^bits - 1. Nobody can
/// use this key, but its modulus has the right length.
std::string rsa_der(int bits) {
  const BignumPtr modulus{BN_new()};
  BN_set_bit(modulus.get(), bits);
  BN_sub_word(modulus.get(), 1);
  const std::unique_ptr<OSSL_PARAM_BLD, FreedBy<OSSL_PARAM_BLD_free>> builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_ulong(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537);
  const std::unique_ptr<OSSL_PARAM, FreedBy<OSSL_PARAM_free>> parameters{
      OSSL_PARAM_BLD_to_param(builder.get())};

  const PkeyContextPtr context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
  const PkeyPtr owner{key};
  std::string der(static_cast<std::size_t>(i2d_PUBKEY(key, nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_PUBKEY(key, &out);
  return der;
}

const SelfSignedPair& rsa_pair() {
  return Platform::instance().pair;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

TEST(PlatformKeys, ReadsTheSerialFromTheCertificate) {
  PlatformKeys keys;
  EXPECT_EQ(keys.add_certificate(rsa_pair().certificate_pem)->serial, rsa_pair().serial);
}

TEST(PlatformKeys, ReadsTheEndOfValidityFromTheCertificate) {
  PlatformKeys keys;
  EXPECT_EQ(keys.add_certificate(rsa_pair().certificate_pem)->expires_at,
            kNow - std::chrono::days{1} + std::chrono::days{365});
}

TEST(PlatformKeys, KnowsNoEndOfValidityForPublicKeys) {
  PlatformKeys keys;
  EXPECT_EQ(keys.add_public_key(kId, rsa_pair().public_key_pem)->expires_at, std::nullopt);
}

TEST(PlatformKeys, FindsACertificateWhateverTheCaseOfItsSerial) {
  const PlatformKeys keys = Platform::instance().keys();
  EXPECT_NE(keys.find(rsa_pair().serial), nullptr);
  EXPECT_NE(keys.find(lower(rsa_pair().serial)), nullptr);
}

TEST(PlatformKeys, FindsACertificateWhateverTheLeadingZerosOfItsSerial) {
  const PlatformKeys keys = Platform::instance().keys();
  EXPECT_EQ(keys.find("000" + rsa_pair().serial), keys.find(rsa_pair().serial));
}

TEST(PlatformKeys, FindsAPublicKeyByItsWholeId) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_public_key(kId, rsa_pair().public_key_pem));
  EXPECT_NE(keys.find(kId), nullptr);
  EXPECT_EQ(keys.find(kId.substr(11)), nullptr);
}

TEST(PlatformKeys, KeepsTheZerosOfAPublicKeyId) {
  PlatformKeys keys;
  ASSERT_TRUE(keys.add_public_key("PUB_KEY_ID_007", rsa_pair().public_key_pem));
  EXPECT_EQ(keys.find("PUB_KEY_ID_7"), nullptr);
}

TEST(PlatformKeys, FindsNothingForSerialsThatAreNotLoaded) {
  const PlatformKeys keys = Platform::instance().keys();
  const std::string& serial = rsa_pair().serial;
  for (const std::string& other :
       {std::string{}, std::string{"0"}, std::string{"00"}, serial + "0", serial.substr(1),
        serial + "\n", " " + serial, "0x" + serial, std::string(8000, '0')}) {
    EXPECT_EQ(keys.find(other), nullptr) << other;
  }
}

TEST(PlatformKeys, HoldsCertificatesAndPublicKeysSideBySide) {
  PlatformKeys keys = Platform::instance().keys();
  ASSERT_TRUE(keys.add_public_key(kId, rsa_pair().public_key_pem));
  const std::vector<KeyInfo> infos = keys.list();
  ASSERT_EQ(infos.size(), 2U);
  EXPECT_EQ(infos[0].kind, KeyKind::kCertificate);
  EXPECT_EQ(infos[1].kind, KeyKind::kPublicKey);
  EXPECT_EQ(infos[1].serial, kId);
}

TEST(PlatformKeys, IsEmptyUntilAKeyIsAdded) {
  EXPECT_TRUE(PlatformKeys{}.empty());
  EXPECT_FALSE(Platform::instance().keys().empty());
}

TEST(PlatformKeys, RefusesTheSameSerialTwice) {
  PlatformKeys keys = Platform::instance().keys();
  EXPECT_EQ(keys.add_certificate(rsa_pair().certificate_pem).error(), KeyError::kDuplicate);
  EXPECT_EQ(keys.list().size(), 1U);
}

TEST(PlatformKeys, TakesTheFirstCertificateOfAChain) {
  PlatformKeys keys;
  const SelfSignedPair issuer = make_pair_of(PairKind::kEcP256);
  EXPECT_EQ(keys.add_certificate(rsa_pair().certificate_pem + issuer.certificate_pem)->serial,
            rsa_pair().serial);
}

/// Tests of certificate files. The fixture has two certificates with different keys; the tests
/// write them in every format that a file may have.
class CertificateFile : public testing::Test {
 protected:
  static const SelfSignedPair& second() {
    static const SelfSignedPair pair = make_pair_of(PairKind::kRsa2048);
    return pair;
  }
  static std::string both() { return rsa_pair().certificate_pem + second().certificate_pem; }
  static std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
      text.replace(at, what.size(), with);
    }
    return text;
  }
  static std::vector<std::string> serials(const AddedCertificates& added) {
    std::vector<std::string> serials;
    for (const KeyInfo& info : added.added) serials.push_back(info.serial);
    return serials;
  }
};

TEST_F(CertificateFile, GivesEveryCertificateThatIsInIt) {
  const std::string text = "Certificate:\n    Data:\n        Version: 3 (0x2)\n";
  const std::string one_line = replaced(both(), "\n", "\\n");
  for (const std::string& file :
       {both(), replaced(both(), "\n", "\r\n"), "\xEF\xBB\xBF" + both(),
        text + rsa_pair().certificate_pem + "\n" + text + second().certificate_pem + "the end",
        replaced(both(), "\n", "\n    "), replaced(both(), "\n", " \n"), one_line,
        replaced(both(), "-----\n-----", "----------")}) {
    PlatformKeys keys;
    const AddedCertificates added = keys.add_certificates(file);
    EXPECT_THAT(added.faults, testing::IsEmpty()) << file;
    EXPECT_EQ(serials(added), (std::vector{rsa_pair().serial, second().serial})) << file;
    EXPECT_NE(keys.find(second().serial), nullptr);
  }
}

TEST_F(CertificateFile, LoadsValidBlocksAndReportsTheInvalidOne) {
  struct Case {
    std::string middle;
    std::string_view fault;
  };
  const std::string cut = rsa_pair().certificate_pem.substr(0, 400);
  std::string altered = rsa_pair().certificate_pem;
  altered.replace(200, 4, "!!!!");
  for (const Case& each :
       {Case{altered, "block 2 (line"}, Case{cut + "\n", "BEGIN CERTIFICATE"},
        Case{rsa_pair().public_key_pem, "is a public key, not a certificate"},
        Case{std::string(rsa_pair().private_key_pem.reveal()), "is a private key"},
        Case{"-----BEGIN PKCS7-----\nMAAA\n-----END PKCS7-----\n", "is a PKCS#7 bundle"},
        Case{"-----END CERTIFICATE-----\n", "has no BEGIN before it"},
        Case{make_pair_of(PairKind::kEcP256).certificate_pem, "not an RSA key"}}) {
    PlatformKeys keys;
    const AddedCertificates added =
        keys.add_certificates(rsa_pair().certificate_pem + each.middle + second().certificate_pem);
    EXPECT_EQ(keys.list().size(), 2U) << each.fault;
    ASSERT_EQ(added.faults.size(), 1U) << each.fault;
    EXPECT_THAT(added.faults.front(), testing::HasSubstr(std::string(each.fault)));
    EXPECT_THAT(added.faults.front(), testing::HasSubstr("line"));
  }
}

TEST_F(CertificateFile, DescribesAFileWithoutAnyBlock) {
  const auto fault = [](std::string_view content) {
    PlatformKeys keys;
    const AddedCertificates added = keys.add_certificates(content);
    return added.faults.size() == 1 ? added.faults.front() : "none";
  };
  const std::string& pem = rsa_pair().certificate_pem;
  const std::size_t begin = pem.find('\n') + 1;
  const std::string base64 = replaced(pem.substr(begin, pem.find("-----END") - begin), "\n", "");
  EXPECT_THAT(fault(""), testing::HasSubstr("empty"));
  EXPECT_THAT(fault(*base::base64_decode(base64)), testing::HasSubstr("openssl x509 -inform der"));
  EXPECT_THAT(fault(base64), testing::HasSubstr("base64 without the lines"));
  EXPECT_THAT(fault(rsa_der(2048)), testing::HasSubstr("public key in DER form"));
  EXPECT_THAT(fault(std::string("\xFF\xFE-\0", 4)), testing::HasSubstr("UTF-16"));
  EXPECT_THAT(fault("serial=5DEA10EF"), testing::HasSubstr("no PEM block"));
}

TEST_F(CertificateFile, MayRepeatACertificate) {
  PlatformKeys keys;
  const AddedCertificates added = keys.add_certificates(both() + both());
  EXPECT_THAT(added.faults, testing::IsEmpty());
  EXPECT_EQ(keys.list().size(), 2U);
}

TEST(PlatformKeys, SkipsOtherBlocksBeforeTheCertificate) {
  PlatformKeys keys;
  EXPECT_TRUE(
      keys.add_certificate("A remark\n" + rsa_pair().public_key_pem + rsa_pair().certificate_pem));
}

TEST(PlatformKeys, RefusesWhatIsNotACertificate) {
  PlatformKeys keys;
  const std::string cut = rsa_pair().certificate_pem.substr(0, 400);
  for (const std::string& pem :
       {std::string{}, std::string{"no PEM"}, cut, rsa_pair().public_key_pem}) {
    EXPECT_EQ(keys.add_certificate(pem).error(), KeyError::kNotPem) << pem;
  }
}

TEST(PlatformKeys, RefusesWhatIsNotAPublicKey) {
  PlatformKeys keys;
  const std::string cut = rsa_pair().public_key_pem.substr(0, 200);
  for (const std::string& pem :
       {std::string{}, std::string{"no PEM"}, cut, rsa_pair().certificate_pem,
        std::string{rsa_pair().private_key_pem.reveal()}}) {
    EXPECT_EQ(keys.add_public_key(kId, pem).error(), KeyError::kNotPem);
  }
}

TEST(PlatformKeys, NeverAsksForAPassword) {
  PlatformKeys keys;
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END PUBLIC KEY-----\n";
  EXPECT_EQ(keys.add_public_key(kId, pem).error(), KeyError::kNotPem);
}

TEST(PlatformKeys, RefusesKeysOfAnotherKind) {
  PlatformKeys keys;
  const SelfSignedPair ec = make_pair_of(PairKind::kEcP256);
  EXPECT_EQ(keys.add_certificate(ec.certificate_pem).error(), KeyError::kNotRsa);
  EXPECT_EQ(keys.add_public_key(kId, ec.public_key_pem).error(), KeyError::kNotRsa);
}

TEST(PlatformKeys, RefusesAModulusThatIsTooShortOrTooLong) {
  PlatformKeys keys;
  for (const int bits : {1024, 2047, 4097, 8192}) {
    EXPECT_EQ(keys.add_public_key(kId, pem_of(rsa_der(bits))).error(), KeyError::kWrongSize)
        << bits;
  }
}

TEST(PlatformKeys, AcceptsTheShortestAndTheLongestModulus) {
  PlatformKeys keys;
  EXPECT_TRUE(keys.add_public_key("PUB_KEY_ID_1", pem_of(rsa_der(2048))));
  EXPECT_TRUE(keys.add_public_key("PUB_KEY_ID_2", pem_of(rsa_der(4096))));
}

TEST(PlatformKeys, RefusesBytesAfterThePublicKey) {
  PlatformKeys keys;
  EXPECT_EQ(keys.add_public_key(kId, pem_of(rsa_der(2048) + 'x')).error(), KeyError::kNotPem);
}

TEST(PlatformKeys, RefusesIdsWithoutThePrefixOrWithNothingElse) {
  PlatformKeys keys;
  for (const std::string_view id :
       {"", "PUB_KEY_ID_", "0114232134912410", "pub_key_id_0114", "PUB_KEY_ID_0114 ",
        "PUB_KEY_ID_0114\t", "PUB_KEY_ID_01\xE2\x80\x8B", "\"PUB_KEY_ID_0114\""}) {
    EXPECT_EQ(keys.add_public_key(id, rsa_pair().public_key_pem).error(), KeyError::kBadId) << id;
  }
}

TEST(PlatformKeys, LeavesOpensslsErrorQueueEmptyAfterARefusal) {
  PlatformKeys keys;
  static_cast<void>(keys.add_certificate("no PEM"));
  static_cast<void>(keys.add_public_key(kId, "no PEM"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PlatformKeys, StaysUsableAfterAMove) {
  PlatformKeys keys = Platform::instance().keys();
  const PlatformKeys::Key* const key = keys.find(rsa_pair().serial);
  const PlatformKeys moved = std::move(keys);
  EXPECT_EQ(moved.find(rsa_pair().serial), key);
}

TEST(KeyError, IsDescribedInWords) {
  for (const KeyError error : {KeyError::kNotPem, KeyError::kNotRsa, KeyError::kWrongSize,
                               KeyError::kBadId, KeyError::kDuplicate, KeyError::kConflict}) {
    EXPECT_THAT(describe(error), testing::Not(testing::HasSubstr("unknown")));
  }
}

}  // namespace
}  // namespace couponhook::crypto
