// Checks that TLS clients and PlatformKeys (the set of WeChat Pay's public keys) accept the
// self-signed certificates that couponhook makes. OpenSSL's parser and the openssl command line
// read these certificates and keys.

#include "crypto/self_signed.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/openssl.hpp"
#include "platform.hpp"
#include "support/openssl_command.hpp"

namespace couponhook::crypto {
namespace {

using support::has_openssl;
using support::ScratchFolder;

SelfSignedOptions local_options() {
  SelfSignedOptions options;
  options.common_name = "localhost";
  options.alternative_names = {"DNS:localhost", "IP:127.0.0.1"};
  options.valid_from = kNow;
  return options;
}

X509Ptr parse(const SelfSignedPair& pair) {
  return X509Ptr{PEM_read_bio_X509(reading(pair.certificate_pem).get(), nullptr, nullptr, nullptr)};
}

bool is_within_validity(const SelfSignedPair& pair, std::chrono::sys_seconds time) {
  const X509Ptr certificate = parse(pair);
  time_t seconds = time.time_since_epoch().count();
  return X509_cmp_time(X509_get0_notBefore(certificate.get()), &seconds) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate.get()), &seconds) > 0;
}

TEST(SelfSigned, SignsItsCertificateWithItsOwnKey) {
  for (const PairKind kind : {PairKind::kEcP256, PairKind::kRsa2048}) {
    const X509Ptr certificate = parse(make_pair_of(kind));
    EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())), 1);
  }
}

TEST(SelfSigned, GivesTheKeysThatTheCertificateNames) {
  for (const PairKind kind : {PairKind::kEcP256, PairKind::kRsa2048}) {
    const SelfSignedPair pair = make_pair_of(kind);
    const X509Ptr certificate = parse(pair);
    const PkeyPtr key{PEM_read_bio_PrivateKey(reading(pair.private_key_pem.reveal()).get(), nullptr,
                                              no_password, nullptr)};
    const PkeyPtr public_key{
        PEM_read_bio_PUBKEY(reading(pair.public_key_pem).get(), nullptr, no_password, nullptr)};
    EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
    EXPECT_EQ(EVP_PKEY_eq(public_key.get(), key.get()), 1);
  }
}

TEST(SelfSigned, WritesThePrivateKeyAsPkcs8) {
  EXPECT_TRUE(make_pair_of(PairKind::kEcP256)
                  .private_key_pem.reveal()
                  .starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

TEST(SelfSigned, AnswersToItsAlternativeNamesOnly) {
  const X509Ptr certificate = parse(make_self_signed(local_options()));
  EXPECT_EQ(X509_check_host(certificate.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "example.com", 0, 0, nullptr), 0);
}

TEST(SelfSigned, IsNoCertificateAuthority) {
  EXPECT_EQ(X509_check_ca(parse(make_self_signed(local_options())).get()), 0);
}

TEST(SelfSigned, IsValidForItsDaysAndNoLonger) {
  const SelfSignedPair pair = make_self_signed(local_options());
  EXPECT_FALSE(is_within_validity(pair, kNow - std::chrono::seconds{1}));
  EXPECT_TRUE(is_within_validity(pair, kNow + std::chrono::seconds{1}));
  EXPECT_TRUE(is_within_validity(pair, kNow + std::chrono::days{365} - std::chrono::seconds{1}));
  EXPECT_FALSE(is_within_validity(pair, kNow + std::chrono::days{365} + std::chrono::seconds{1}));
}

TEST(SelfSigned, HasASerialOf40UpperCaseDigits) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(make_self_signed(local_options()).serial, testing::MatchesRegex("[4-7][0-9A-F]+"));
    EXPECT_EQ(make_self_signed(local_options()).serial.size(), 40U);
  }
}

TEST(SelfSigned, NeverGivesASerialTwice) {
  EXPECT_NE(make_self_signed(local_options()).serial, make_self_signed(local_options()).serial);
}

TEST(SelfSigned, ThrowsOnABadAlternativeName) {
  for (const char* name : {"localhost", "IP:localhost", "IP:1.2.3.4.5", "XYZ:a"}) {
    SelfSignedOptions options = local_options();
    options.alternative_names = {name};
    EXPECT_THROW(static_cast<void>(make_self_signed(options)), std::runtime_error) << name;
  }
}

TEST(SelfSigned, IsReadByTheOpensslCommandLine) {
  if (!has_openssl()) GTEST_SKIP() << "there is no openssl command here";
  const SelfSignedPair pair = make_self_signed(local_options());
  const ScratchFolder folder;
  folder.write("certificate.pem", pair.certificate_pem);
  ASSERT_TRUE(folder.openssl("x509 -in certificate.pem -noout -serial -ext subjectAltName"));
  EXPECT_THAT(folder.output(), testing::HasSubstr("serial=" + pair.serial));
  EXPECT_THAT(folder.output(), testing::HasSubstr("DNS:localhost, IP Address:127.0.0.1"));
}

TEST(SelfSigned, IsTrustedByAStrictTlsClientThatIsGivenIt) {
  if (!has_openssl()) GTEST_SKIP() << "there is no openssl command here";
  SelfSignedOptions options = local_options();
  options.valid_from = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) -
                       std::chrono::hours{1};
  const ScratchFolder folder;
  folder.write("certificate.pem", make_self_signed(options).certificate_pem);
  EXPECT_TRUE(
      folder.openssl("verify -x509_strict -purpose sslserver -verify_hostname localhost "
                     "-CAfile certificate.pem certificate.pem"))
      << folder.output();
}

}  // namespace
}  // namespace couponhook::crypto
