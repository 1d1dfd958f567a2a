// Checks that couponhook trusts platform certificates (certificates of WeChat Pay's signing keys)
// only if WeChat Pay sent them, and loses no valid one. Independent tools encrypted and signed one
// reply, and the tests change one thing in it at a time. Another reply is the test vector of
// wechatpay-java (WeChat Pay's SDK), in the folder that the environment variable COUPONHOOK_VECTORS
// gives.

#include "wechatpay/certificates.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "crypto/resource_cipher.hpp"
#include "stand_in.hpp"
#include "support/json_file.hpp"
#include "wechatpay/certificate_files.hpp"

namespace couponhook::wechatpay {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using support::read_json;
using support::text_of;

std::vector<crypto::ResourceCipher> ciphers_of(std::initializer_list<std::string> keys) {
  std::vector<crypto::ResourceCipher> ciphers;
  for (const std::string& key : keys) {
    ciphers.push_back(*crypto::api_v3_cipher(crypto::Secret(std::string(key))));
  }
  return ciphers;
}

class Certificates : public testing::Test {
 protected:
  [[nodiscard]] ApiReply reply(const char* signature = "signature",
                               const char* at = "evaluate_at_unix") const {
    return {200,
            {{"Wechatpay-Timestamp", std::to_string(vector_[at].GetInt64())},
             {"Wechatpay-Nonce", text_of(vector_, "nonce")},
             {"Wechatpay-Serial", text_of(vector_, "live_serial")},
             {"Wechatpay-Signature", text_of(vector_, signature)}},
            text_of(vector_, "body")};
  }
  [[nodiscard]] sys_seconds time(const char* at = "evaluate_at_unix") const {
    return sys_seconds(seconds(vector_[at].GetInt64()));
  }
  [[nodiscard]] auto open(const ApiReply& reply) const {
    return open_certificates(reply, ciphers_, nullptr, time());
  }

  rapidjson::Document vector_ = read_json(COUPONHOOK_TEST_DATA "/../vectors/certificates.json");
  std::vector<crypto::ResourceCipher> ciphers_ = ciphers_of({text_of(vector_, "api_v3_key")});
};

TEST_F(Certificates, AreOpenedAndVerifiedWithWhatWasOpened) {
  const auto opened = open_certificates(reply("signature_before_expiry", "before_expiry_unix"),
                                        ciphers_, nullptr, time("before_expiry_unix"));
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_EQ(opened->size(), 2U);
  EXPECT_EQ((*opened)[0].serial, text_of(vector_, "live_serial"));
  EXPECT_EQ((*opened)[0].pem, text_of(vector_, "live_pem"));
}

TEST_F(Certificates, AreLeftOutOnceTheyHaveExpired) {
  const auto opened = open(reply());
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_EQ(opened->size(), 1U);
  EXPECT_EQ((*opened)[0].serial, text_of(vector_, "live_serial"));
}

TEST_F(Certificates, AreOpenedWithWhicheverKeyIsLive) {
  const auto ciphers =
      ciphers_of({"another-key-for-tests-only-00000", text_of(vector_, "api_v3_key")});
  EXPECT_TRUE(open_certificates(reply(), ciphers, nullptr, time()));
}

TEST_F(Certificates, AreRefusedAsAWholeWhereNoKeyOpensThem) {
  const auto ciphers = ciphers_of({"another-key-for-tests-only-00000"});
  const auto opened = open_certificates(reply(), ciphers, nullptr, time());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().advice.find("api_v3_key_files"), std::string::npos);
}

TEST_F(Certificates, AreRefusedAsAWholeWhereOneEntryIsAltered) {
  ApiReply altered = reply();
  const std::size_t second = altered.body.rfind("\"ciphertext\": \"");
  altered.body[second + 30] = altered.body[second + 30] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(open(altered));
}

TEST_F(Certificates, AreRefusedUnderAnotherSerialThanTheirOwn) {
  ApiReply altered = reply();
  const std::size_t serial = altered.body.find(text_of(vector_, "live_serial"));
  altered.body[serial + 5] = altered.body[serial + 5] == '1' ? '2' : '1';
  const auto opened = open(altered);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("another serial"), std::string::npos);
}

TEST_F(Certificates, AreRefusedWhereTheReplysSignatureIsWrong) {
  ApiReply unsigned_reply = reply();
  unsigned_reply.headers[3].value = text_of(vector_, "signature_before_expiry");
  const auto opened = open(unsigned_reply);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().failure, ApiFailure::kUntrusted);
}

TEST_F(Certificates, AreAcceptedUnderATrustedKey) {
  // Sign the list of certificates with a public key's private key, as WeChat Pay does while it
  // moves a merchant from certificates to a public key.
  ApiReply other = signed_reply(text_of(vector_, "body"), platform(), time());
  for (Header& header : other.headers) {
    if (header.name == "Wechatpay-Serial") header.value = "PUB_KEY_ID_01";
  }
  crypto::PlatformKeys trusted;
  ASSERT_TRUE(trusted.add_public_key("PUB_KEY_ID_01", platform().pair.public_key_pem));
  EXPECT_FALSE(open_certificates(other, ciphers_, nullptr, time()));
  EXPECT_TRUE(open_certificates(other, ciphers_, &trusted, time()));
}

TEST_F(Certificates, AreNotAnEmptyList) {
  for (const char* body : {R"({"data":[]})", "{}", R"({"data":{}})", "[]", "", "{\"data\":[1]}",
                           R"({"data":[{"serial_no":"1"}]})"}) {
    EXPECT_FALSE(open(signed_reply(body, platform(), time()))) << body;
  }
}

TEST_F(Certificates, AreAskedForWithTheDocumentedPath) {
  EXPECT_EQ(certificates_request().method, "GET");
  EXPECT_EQ(certificates_request().path_and_query, "/v3/certificates");
}

TEST(KnownCertificates, OfWechatpayJavaAreOpened) {
  const char* const folder = std::getenv("COUPONHOOK_VECTORS");
  if (folder == nullptr) {
    GTEST_SKIP() << "COUPONHOOK_VECTORS does not name the folder of the SDKs' vectors";
  }
  const auto vector = read_json(std::string(folder) + "/java_certificates_response.json");
  const auto ciphers = ciphers_of({text_of(vector, "api_v3_key")});
  // Sign the reply in this test with a platform key that is already trusted, because the test
  // vector contains no signature of the reply.
  const crypto::PlatformKeys trusted = platform().keys();
  const auto opened =
      open_certificates(signed_reply(text_of(vector, "response_body")), ciphers, &trusted, kNow);
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_EQ(opened->size(), 1U);
  EXPECT_EQ(opened->front().serial, text_of(vector, "expected_serial"));
  EXPECT_EQ(opened->front().pem, text_of(vector, "expected_certificate_pem"));
}

// ---- The next tests check merging: which certificates are kept after a download.

PlatformCertificate certificate(const std::string& serial, int days) {
  return {serial, "pem of " + serial, kNow + std::chrono::days(days)};
}

std::vector<std::string> serials(const std::vector<PlatformCertificate>& certificates) {
  std::vector<std::string> serials;
  for (const auto& certificate : certificates) serials.push_back(certificate.serial);
  return serials;
}

TEST(MergeCertificates, KeepsOldAndNewSideBySide) {
  const auto merge =
      merge_certificates(std::vector{certificate("AA", 5)},
                         std::vector{certificate("AA", 5), certificate("BB", 900)}, kNow);
  EXPECT_EQ(serials(merge.current), (std::vector<std::string>{"AA", "BB"}));
  EXPECT_EQ(merge.added, std::vector<std::string>{"BB"});
  EXPECT_TRUE(merge.dropped.empty());
}

TEST(MergeCertificates, KeepsWhatIsNoLongerListedUntilItExpires) {
  const auto merge = merge_certificates(std::vector{certificate("AA", 5)},
                                        std::vector{certificate("BB", 900)}, kNow);
  EXPECT_EQ(serials(merge.current), (std::vector<std::string>{"AA", "BB"}));
}

TEST(MergeCertificates, DropsWhatHasExpired) {
  const auto merge = merge_certificates(std::vector{certificate("AA", -1)},
                                        std::vector{certificate("BB", 900)}, kNow);
  EXPECT_EQ(serials(merge.current), std::vector<std::string>{"BB"});
  EXPECT_EQ(merge.dropped, std::vector<std::string>{"AA"});
}

TEST(MergeCertificates, SaysWhenNothingChanges) {
  const std::vector same{certificate("AA", 5)};
  EXPECT_FALSE(merge_certificates(same, same, kNow).changes_anything());
}

TEST(CertificateFileName, IsMadeOfHexadecimalOnly) {
  EXPECT_EQ(certificate_file_name("5DEA10"), "wechatpay_5DEA10.pem");
  for (const char* hostile : {"", "../5DEA", "5D EA", "5D/EA", "5D\n"}) {
    EXPECT_EQ(certificate_file_name(hostile), std::nullopt) << hostile;
  }
  EXPECT_EQ(certificate_file_name(std::string(65, 'A')), std::nullopt);
}

TEST(CertificateFiles, AreWrittenWhereNewAndRemovedWhereGone) {
  const std::vector<CertificateFile> present{
      {"wechatpay_AA.pem", "pem of AA"}, {"wechatpay_CC.pem", "pem of CC"}, {"readme.txt", ""}};
  const auto changes =
      certificate_file_changes(present, std::vector{certificate("AA", 5), certificate("BB", 5)});
  ASSERT_EQ(changes.write.size(), 1U);
  EXPECT_EQ(changes.write[0].name, "wechatpay_BB.pem");
  EXPECT_EQ(changes.write[0].content, "pem of BB");
  EXPECT_EQ(changes.remove, std::vector<std::string>{"wechatpay_CC.pem"});
}

TEST(CertificateFiles, AreRewrittenIfDamaged) {
  const std::vector<CertificateFile> present{{"wechatpay_AA.pem", "pem o"}};
  const auto changes = certificate_file_changes(present, std::vector{certificate("AA", 5)});
  ASSERT_EQ(changes.write.size(), 1U);
  EXPECT_EQ(changes.write[0].content, "pem of AA");
  EXPECT_TRUE(changes.remove.empty());
}

TEST(CertificateFiles, AreReadBack) {
  const auto read = read_certificate_file(platform().pair.certificate_pem);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->serial, platform().pair.serial);
  EXPECT_FALSE(read_certificate_file("no certificate"));
}

}  // namespace
}  // namespace couponhook::wechatpay
