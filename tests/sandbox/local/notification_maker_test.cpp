// Checks that the class NotificationMaker makes the requests that WeChat Pay would send, and that
// each fault that it makes on purpose breaks only one thing. The signature verifier and the cipher
// of crypto/ check the requests with a new key pair.

#include "sandbox/local/notification_maker.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "crypto/file.hpp"
#include "crypto/self_signed.hpp"
#include "crypto/signature_verifier.hpp"
#include "server/commands/signing_key.hpp"
#include "support/parse_json.hpp"

namespace couponhook::server {
namespace {

using crypto::VerifyError;
using std::chrono::seconds;

constexpr std::string_view kApiV3Key = "0123456789abcdef0123456789ABCDEF";
const auto kNow = std::chrono::sys_days(std::chrono::year(2024) / 3 / 5) + seconds(7 * 3600 + 58);

/// Returns the key pair with which the tests sign in place of WeChat Pay. Making an RSA key takes
/// long, so all tests share one key pair.
const crypto::SelfSignedPair& platform_pair() {
  static const crypto::SelfSignedPair pair = crypto::make_self_signed(
      {crypto::PairKind::kRsa2048, "test platform", {}, kNow - seconds(60)});
  return pair;
}

crypto::ResourceCipher make_cipher() {
  return *crypto::api_v3_cipher(crypto::Secret(std::string(kApiV3Key)));
}

NotificationMaker make_maker() {
  return {*crypto::Signer::from_pem(platform_pair().private_key_pem), platform_pair().serial,
          make_cipher(), crypto::system_random(),
          [] { return std::chrono::system_clock::time_point(kNow); }};
}

Draft make_draft() {
  Draft draft;
  draft.id = "an-id";
  draft.event_type = "COUPON.USE";
  draft.summary = "代金券核销通知";
  draft.original_type = "coupon";
  draft.associated_data = "coupon";
  draft.resource = R"({"coupon_id":"1"})";
  return draft;
}

std::string header(const SignedNotification& made, std::string_view name) {
  for (const auto& [key, value] : made.headers) {
    if (key == name) return value;
  }
  return "";
}

boost::system::result<void, VerifyError> verify(const SignedNotification& made) {
  crypto::PlatformKeys keys;
  EXPECT_TRUE(keys.add_certificate(platform_pair().certificate_pem));
  const std::string timestamp = header(made, "Wechatpay-Timestamp");
  const std::string nonce = header(made, "Wechatpay-Nonce");
  const std::string serial = header(made, "Wechatpay-Serial");
  const std::string signature = header(made, "Wechatpay-Signature");
  const std::string type = header(made, "Wechatpay-Signature-Type");
  return crypto::verify_signature(keys, {timestamp, nonce, serial, signature, type, made.body},
                                  seconds(300), kNow);
}

rapidjson::Document envelope(const SignedNotification& made) {
  return support::parse_json(made.body);
}

boost::system::result<std::string, crypto::OpenError> open(const SignedNotification& made) {
  const auto document = envelope(made);
  const auto& resource = document["resource"];
  return make_cipher().open(resource["nonce"].GetString(), resource["associated_data"].GetString(),
                            resource["ciphertext"].GetString());
}

TEST(NotificationMaker, SignsWhatVerifies) {
  EXPECT_TRUE(verify(make_maker().make(make_draft())));
}

TEST(NotificationMaker, SealsWhatOpens) {
  const auto opened = open(make_maker().make(make_draft()));
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, make_draft().resource);
}

TEST(NotificationMaker, WritesTheEnvelopeOfTheDraft) {
  const auto document = envelope(make_maker().make(make_draft()));
  EXPECT_STREQ(document["id"].GetString(), "an-id");
  EXPECT_STREQ(document["event_type"].GetString(), "COUPON.USE");
  EXPECT_STREQ(document["resource_type"].GetString(), "encrypt-resource");
  EXPECT_STREQ(document["summary"].GetString(), "代金券核销通知");
  EXPECT_STREQ(document["resource"]["original_type"].GetString(), "coupon");
  EXPECT_STREQ(document["resource"]["algorithm"].GetString(), "AEAD_AES_256_GCM");
}

TEST(NotificationMaker, DatesItNowInBeijingUnlessTheDraftSays) {
  EXPECT_STREQ(envelope(make_maker().make(make_draft()))["create_time"].GetString(),
               "2024-03-05T15:00:58+08:00");
}

TEST(NotificationMaker, KeepsTheTimeThatTheDraftSays) {
  Draft draft = make_draft();
  draft.create_time = "20240305075843";
  EXPECT_STREQ(envelope(make_maker().make(draft))["create_time"].GetString(), "20240305075843");
}

TEST(NotificationMaker, LeavesOutASummaryThatTheDraftHasNot) {
  Draft draft = make_draft();
  draft.summary.reset();
  EXPECT_FALSE(envelope(make_maker().make(draft)).HasMember("summary"));
}

TEST(NotificationMaker, EncryptsAndSignsEachCopyAgain) {
  const NotificationMaker maker = make_maker();
  const auto first = maker.make(make_draft());
  const auto second = maker.make(make_draft());
  EXPECT_NE(header(first, "Wechatpay-Nonce"), header(second, "Wechatpay-Nonce"));
  EXPECT_STRNE(envelope(first)["resource"]["nonce"].GetString(),
               envelope(second)["resource"]["nonce"].GetString());
}

struct BadCase {
  Bad bad;
  const char* name;
  VerifyError error;
};

class BadNotification : public testing::TestWithParam<BadCase> {};

TEST_P(BadNotification, IsRefusedForThatReason) {
  const auto verified = verify(make_maker().make(make_draft(), GetParam().bad));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error(), GetParam().error);
}

TEST_P(BadNotification, OpensAllTheSame) {
  EXPECT_TRUE(open(make_maker().make(make_draft(), GetParam().bad)));
}

TEST_P(BadNotification, HasAName) {
  EXPECT_EQ(parse_bad(GetParam().name), GetParam().bad);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadNotification,
    testing::Values(BadCase{Bad::kSignature, "signature", VerifyError::kSignatureMismatch},
                    BadCase{Bad::kSerial, "serial", VerifyError::kSerialUnknown},
                    BadCase{Bad::kTimestamp, "timestamp", VerifyError::kTimestampInvalid},
                    BadCase{Bad::kProbe, "probe", VerifyError::kProbe}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(NotificationMaker, SignsAnAlteredCiphertextRightly) {
  const auto made = make_maker().make(make_draft(), Bad::kCiphertext);
  EXPECT_TRUE(verify(made));
  const auto opened = open(made);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), crypto::OpenError::kTagMismatch);
}

TEST(NotificationMaker, SignsAnOldTimestampRightly) {
  const auto made = make_maker().make(make_draft(), Bad::kTimestamp);
  EXPECT_EQ(header(made, "Wechatpay-Timestamp"),
            std::to_string((kNow - std::chrono::hours(1)).time_since_epoch().count()));
}

/// Tests of a NotificationMaker whose keys are read from files: two WeChat Pay certificates, the
/// private key of one of them, and an APIv3 key.
class LoadNotificationMaker : public testing::Test {
 protected:
  LoadNotificationMaker() {
    const auto other = crypto::make_self_signed(
        {crypto::PairKind::kRsa2048, "another platform", {}, kNow - seconds(60)});
    crypto::write_new_file(folder_ / "1.pem", other.certificate_pem, crypto::FileMode::kPublic);
    crypto::write_new_file(folder_ / "2.pem", platform_pair().certificate_pem,
                           crypto::FileMode::kPublic);
    crypto::write_new_file(folder_ / "other.key", other.private_key_pem.reveal(),
                           crypto::FileMode::kPrivate);
    crypto::write_new_file(folder_ / "development/platform_key.pem",
                           platform_pair().private_key_pem.reveal(), crypto::FileMode::kPrivate);
    crypto::write_new_file(folder_ / "api_v3_key", kApiV3Key, crypto::FileMode::kPrivate);
    config_.directory = folder_;
    merchant_.mchid = "1900000001";
    merchant_.platform_certificates = {folder_ / "1.pem", folder_ / "2.pem"};
    merchant_.api_v3_key_files = {folder_ / "api_v3_key"};
  }
  ~LoadNotificationMaker() override { std::filesystem::remove_all(folder_); }

  auto load(const PlatformKeyChoice& choice = {}) {
    return load_notification_maker(config_, merchant_, choice, crypto::system_random(),
                                   [] { return std::chrono::system_clock::time_point(kNow); });
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / crypto::random_uuid(crypto::system_random());
  Config config_;
  MerchantConfig merchant_;
};

TEST_F(LoadNotificationMaker, FindsTheSerialThatBelongsToTheKey) {
  const auto maker = load();
  ASSERT_TRUE(maker);
  EXPECT_TRUE(verify(maker->make(make_draft())));
}

TEST_F(LoadNotificationMaker, TakesTheSerialThatIsNamed) {
  const auto maker = load({{}, "PUB_KEY_ID_1"});
  ASSERT_TRUE(maker);
  EXPECT_EQ(header(maker->make(make_draft()), "Wechatpay-Serial"), "PUB_KEY_ID_1");
}

TEST_F(LoadNotificationMaker, RefusesAKeyThatNoCertificateFits) {
  merchant_.platform_certificates = {folder_ / "2.pem"};
  const auto maker = load({folder_ / "other.key", ""});
  ASSERT_FALSE(maker);
  EXPECT_EQ(maker.error().front().where, (folder_ / "other.key").string());
}

TEST_F(LoadNotificationMaker, SaysHowToGetAKeyWhereThereIsNone) {
  std::filesystem::remove(folder_ / "development/platform_key.pem");
  const auto maker = load();
  ASSERT_FALSE(maker);
  EXPECT_NE(maker.error().front().message.find("couponhook init"), std::string::npos);
}

}  // namespace
}  // namespace couponhook::server
