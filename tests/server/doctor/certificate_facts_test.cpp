// Checks that `doctor` recognizes the content of a file (certificate, private key or public key),
// whatever setting names the file. The tests make key pairs with known serials, and a certificate
// authority with the openssl command.

#include "server/doctor/certificate_facts.hpp"

#include <gtest/gtest.h>

#include "crypto/self_signed.hpp"
#include "support/openssl_command.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using std::chrono::days;

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'772'000'000)};

/// A key pair and its certificate, each in its own file. All tests share these files.
struct Files {
  crypto::SelfSignedPair pair =
      crypto::make_self_signed({crypto::PairKind::kRsa2048, "1900000001", {}, kNow, days(30)});
  support::TemporaryFolder folder;
  std::filesystem::path certificate = folder.write("cert.pem", pair.certificate_pem);
  std::filesystem::path private_key = folder.write("key.pem", pair.private_key_pem.reveal());
  std::filesystem::path public_key = folder.write("pub.pem", pair.public_key_pem);
  std::filesystem::path other = folder.write("notes.txt", "no certificate");
};

const Files& files() {
  static const Files made;
  return made;
}

TEST(CertificateFacts, HaveSerialNameAndEndOfValidity) {
  const auto facts = certificate_facts(files().certificate);
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].serial, files().pair.serial);
  EXPECT_EQ(facts[0].common_name, "1900000001");
  EXPECT_EQ(facts[0].expires_at, kNow + days(30));
}

TEST(CertificateFacts, ShowWhichFilesBelongToOneKey) {
  const std::string digest = certificate_facts(files().certificate).at(0).key_digest;
  EXPECT_FALSE(digest.empty());
  EXPECT_EQ(private_key_digest(files().private_key), digest);
  EXPECT_EQ(public_key_digest(files().public_key), digest);
}

TEST(CertificateFacts, AreEmptyForOtherFiles) {
  for (const auto& file : {files().other, files().folder.path() / "absent.pem"}) {
    EXPECT_TRUE(certificate_facts(file).empty());
    EXPECT_FALSE(tls_facts(file));
    EXPECT_EQ(private_key_digest(file), "");
    EXPECT_EQ(public_key_digest(file), "");
  }
}

TEST(TlsFacts, DetectASelfSignedCertificate) {
  const auto facts = tls_facts(files().certificate);
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->self_signed);
  EXPECT_EQ(facts->certificates, 1U);
  EXPECT_NE(facts->verify_error, "");
}

TEST(TlsFacts, DetectAChainOfAPrivateCa) {
  const support::ScratchFolder scratch;
  const auto print = [&](const std::string& arguments) {
    EXPECT_TRUE(scratch.openssl(arguments)) << scratch.output();
    return scratch.output();
  };
  print("req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -keyout ca.key -out ca.crt");
  print("req -newkey rsa:2048 -nodes -subj /CN=pay.example.com -keyout leaf.key -out leaf.csr");
  print("x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 -out leaf.crt");
  const std::string chain = print("x509 -in leaf.crt") + print("x509 -in ca.crt");

  const support::TemporaryFolder folder;
  const auto facts = tls_facts(folder.write("chain.pem", chain));
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->self_signed);
  EXPECT_EQ(facts->certificates, 2U);
  EXPECT_NE(facts->verify_error, "");
}

}  // namespace
}  // namespace couponhook::server
