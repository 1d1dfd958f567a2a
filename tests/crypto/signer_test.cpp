// Checks that other software accepts the RSA signatures that couponhook makes: the openssl command
// line verifies them. Other tests here make private keys that Signer::from_pem() must refuse.

#include "crypto/signer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "base/base64.hpp"
#include "crypto/openssl.hpp"
#include "platform.hpp"
#include "support/error_messages.hpp"
#include "support/openssl_command.hpp"

namespace couponhook::crypto {
namespace {

using support::has_openssl;
using support::ScratchFolder;

template <typename Write>
Secret pem_of(Write write) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret{std::string(data, static_cast<std::size_t>(size))};
}

PkeyPtr rsa_key(std::size_t bits = 2048) {
  return PkeyPtr{EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)};
}

TEST(Signer, IsAcceptedByTheOpensslCommandLine) {
  if (!has_openssl()) GTEST_SKIP() << "there is no openssl command here";
  const Platform& platform = Platform::instance();
  const ScratchFolder folder;
  folder.write("message", "one\ntwo\n");
  folder.write("signature", *base::base64_decode(platform.signer.sign("one\ntwo\n")));
  folder.write("public.pem", platform.pair.public_key_pem);
  EXPECT_TRUE(folder.openssl("dgst -sha256 -verify public.pem -signature signature message"))
      << folder.output();
}

TEST(Signer, SignsTheSameMessageInTheSameWay) {
  const Signer& signer = Platform::instance().signer;
  EXPECT_EQ(signer.sign("message"), signer.sign("message"));
  EXPECT_NE(signer.sign("message"), signer.sign("massage"));
}

TEST(Signer, TakesPkcs1Keys) {
  const PkeyPtr key = rsa_key();
  const Secret pem = pem_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
  });
  ASSERT_THAT(std::string{pem.reveal()}, testing::HasSubstr("BEGIN RSA PRIVATE KEY"));
  EXPECT_TRUE(Signer::from_pem(pem));
}

TEST(Signer, RefusesAnEncryptedKeyWithoutAskingForItsPassword) {
  const PkeyPtr key = rsa_key();
  const Secret pem = pem_of([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), "password", 8, nullptr,
                                         nullptr);
  });
  EXPECT_EQ(Signer::from_pem(pem).error().text(),
            "no PEM private key that can be read without a password: it holds an encrypted private "
            "key");
}

TEST(Signer, RefusesWhatIsNotAPrivateKey) {
  for (const std::string& pem :
       {std::string{}, std::string{"no PEM"}, Platform::instance().pair.public_key_pem,
        Platform::instance().pair.certificate_pem}) {
    EXPECT_FALSE(Signer::from_pem(Secret{std::string{pem}})) << pem;
  }
}

TEST(Signer, RefusesAnEllipticCurveKey) {
  const SelfSignedPair pair = make_pair_of(PairKind::kEcP256);
  EXPECT_EQ(Signer::from_pem(pair.private_key_pem).error().text(), "not an RSA private key");
}

TEST(Signer, RefusesAKeyThatIsTooShort) {
  const PkeyPtr key = rsa_key(1024);
  const Secret pem = pem_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  EXPECT_THAT(Signer::from_pem(pem).error().text(), testing::HasSubstr("1024 bits"));
}

TEST(PrivateKeyError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(PrivateKeyError::kTooShort);
}

TEST(NotificationMessage, EndsEachOfItsThreeLines) {
  EXPECT_EQ(notification_message("1700000000", "nonce", "{}"), "1700000000\nnonce\n{}\n");
}

TEST(NotificationMessage, KeepsTheLineOfAnEmptyBody) {
  EXPECT_EQ(notification_message("1700000000", "nonce", ""), "1700000000\nnonce\n\n");
}

}  // namespace
}  // namespace couponhook::crypto
