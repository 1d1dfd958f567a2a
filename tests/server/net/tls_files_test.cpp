// Checks that certificates and keys that cannot be used for TLS are refused, each with its own
// reason, and that an expired certificate is told apart from the others. The tests make key pairs
// and write them to files, some of them in the wrong place.

#include "server/net/tls_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/self_signed.hpp"
#include "server/net/tls_context.hpp"
#include "support/error_messages.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using std::chrono::days;
using ::testing::EndsWith;
using ::testing::StartsWith;

crypto::SelfSignedPair pair_from(std::chrono::sys_seconds valid_from) {
  return crypto::make_self_signed(
      {crypto::PairKind::kEcP256, "localhost", {}, valid_from, days(30)});
}

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

class TlsFiles : public ::testing::Test {
 protected:
  [[nodiscard]] TlsFileFailure refusal() const {
    const auto tls = make_server_tls(certificate_, key_);
    EXPECT_FALSE(tls);
    return tls.error();
  }

  crypto::SelfSignedPair pair_ = pair_from(now() - days(1));
  crypto::SelfSignedPair other_ = pair_from(now() - days(1));
  support::TemporaryFolder folder_;
  std::filesystem::path certificate_ = folder_.write("cert.pem", pair_.certificate_pem);
  std::filesystem::path key_ = folder_.write("key.pem", pair_.private_key_pem.reveal());
};

TEST_F(TlsFiles, AreUsedWhereTheyBelongTogether) {
  EXPECT_TRUE(make_server_tls(certificate_, key_));
}

TEST_F(TlsFiles, AreRefusedWhereOneIsMissing) {
  certificate_ = folder_.path() / "missing.pem";
  EXPECT_EQ(refusal().code, TlsFileError::kUnreadable);
  EXPECT_EQ(refusal().text(), certificate_.string() +
                                  ": No such file or directory; check the path and its "
                                  "permissions");
}

TEST_F(TlsFiles, AreRefusedWhereACertificateIsExpectedAndAKeyIsThere) {
  certificate_ = key_;
  EXPECT_EQ(refusal().code, TlsFileError::kNoCertificate);
  EXPECT_THAT(refusal().text(),
              StartsWith(key_.string() + ": holds no readable PEM certificates: it holds "));
  EXPECT_THAT(refusal().text(),
              EndsWith("; give the PEM file of the server's certificate, with its issuers' below "
                       "it"));
}

TEST_F(TlsFiles, AreRefusedWhereAKeyIsExpectedAndACertificateIsThere) {
  key_ = certificate_;
  EXPECT_EQ(refusal().code, TlsFileError::kNoKey);
  EXPECT_THAT(refusal().text(), StartsWith(certificate_.string() + ": is not a private key that "));
}

TEST_F(TlsFiles, AreRefusedWhereTheKeyIsOfAnotherCertificate) {
  folder_.write("key.pem", other_.private_key_pem.reveal());
  EXPECT_EQ(refusal().code, TlsFileError::kKeyOfAnother);
  EXPECT_EQ(refusal().text(), key_.string() + ": does not belong to the certificate in " +
                                  certificate_.string() +
                                  "; give the key that the certificate was made for");
}

TEST_F(TlsFiles, AreRefusedWhereTheServersCertificateIsNotTheFirst) {
  folder_.write("cert.pem", other_.certificate_pem + pair_.certificate_pem);
  EXPECT_EQ(refusal().code, TlsFileError::kWrongOrder);
  EXPECT_THAT(refusal().text(),
              StartsWith(certificate_.string() + ": the server's own certificate, which " +
                         key_.string() + " belongs to, is number 2 in the file"));
}

TEST_F(TlsFiles, AreRefusedWhereTheCertificateHasExpired) {
  const crypto::SelfSignedPair expired = pair_from(now() - days(60));
  folder_.write("cert.pem", expired.certificate_pem);
  folder_.write("key.pem", expired.private_key_pem.reveal());
  EXPECT_EQ(refusal().code, TlsFileError::kExpired);
  EXPECT_THAT(refusal().text(), StartsWith(certificate_.string() + ": has expired"));
  EXPECT_TRUE(make_server_tls_even_expired(certificate_, key_));
}

TEST(TlsFileError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(TlsFileError::kExpired);
}

}  // namespace
}  // namespace couponhook::server
