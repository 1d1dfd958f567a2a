// Checks that every unusable key file of a merchant is reported with a remedy. The tests use a
// folder of valid files and damage one file at a time.

#include "server/receive/merchants.hpp"

#include <gmock/gmock.h>

#include "crypto/self_signed.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;

const std::chrono::sys_seconds kNow{std::chrono::seconds(1'763'700'000)};

class KeyFiles : public ::testing::Test {
 protected:
  KeyFiles() {
    crypto::SelfSignedOptions options;
    options.kind = crypto::PairKind::kRsa2048;
    options.common_name = "platform";
    options.valid_from = kNow;
    pair_ = crypto::make_self_signed(options);
    MerchantConfig merchant;
    merchant.mchid = "1900000001";
    merchant.path = "/notify/1900000001";
    merchant.api_v3_key_files = {folder_.write("key", "0123456789abcdef0123456789abcdef\n")};
    merchant.platform_certificates = {folder_.write("certificates/p.pem", pair_.certificate_pem)};
    config_.merchants.push_back(std::move(merchant));
  }

  std::shared_ptr<const Merchants> load(std::chrono::sys_seconds now = kNow) {
    problems_.clear();
    return load_merchants(config_, now, problems_);
  }
  MerchantConfig& merchant() { return config_.merchants.front(); }

  support::TemporaryFolder folder_;
  crypto::SelfSignedPair pair_;
  Config config_;
  std::vector<Problem> problems_;
};

TEST_F(KeyFiles, AreLoadedWithTheirSerials) {
  const auto merchants = load();

  EXPECT_TRUE(problems_.empty());
  const Merchant* found = merchants->find_path("/notify/1900000001");
  ASSERT_NE(found, nullptr);
  EXPECT_NE(found->platform_keys.find(pair_.serial), nullptr);
  EXPECT_EQ(found->ciphers.size(), 1U);
}

TEST_F(KeyFiles, MayBeAFolderOrAGlob) {
  merchant().platform_certificates = {folder_.path() / "certificates"};
  EXPECT_FALSE(load()->all().front().platform_keys.empty());
  merchant().platform_certificates = {folder_.path() / "certificates" / "*.pem"};
  EXPECT_FALSE(load()->all().front().platform_keys.empty());
  EXPECT_TRUE(problems_.empty());
}

TEST_F(KeyFiles, GiveEveryCertificateThatIsInOneOfThem) {
  crypto::SelfSignedOptions options;
  options.kind = crypto::PairKind::kRsa2048;
  options.common_name = "the next platform key";
  options.valid_from = kNow;
  const crypto::SelfSignedPair next = crypto::make_self_signed(options);
  const auto both = folder_.write("both/p.pem", pair_.certificate_pem + next.certificate_pem);
  const auto expect_both = [&](std::string_view how) {
    const auto merchants = load();
    EXPECT_TRUE(problems_.empty()) << how;
    const crypto::PlatformKeys& keys = merchants->all().front().platform_keys;
    EXPECT_NE(keys.find(pair_.serial), nullptr) << how;
    EXPECT_NE(keys.find(next.serial), nullptr) << how;
  };
  merchant().platform_certificates = {both};
  expect_both("file");
  merchant().platform_certificates = {folder_.path() / "both"};
  expect_both("folder");
  merchant().platform_certificates = {folder_.path() / "both" / "*.pem"};
  expect_both("glob");
  merchant().platform_certificates.clear();
  merchant().api.emplace().certificate_directory = folder_.path() / "both";
  expect_both("certificate_directory");
}

TEST_F(KeyFiles, AreReportedWithTheInvalidBlock) {
  merchant().platform_certificates = {
      folder_.write("p.pem", pair_.certificate_pem + pair_.public_key_pem)};
  EXPECT_NE(load()->all().front().platform_keys.find(pair_.serial), nullptr);
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].where, HasSubstr("p.pem"));
  EXPECT_THAT(problems_[0].message, HasSubstr("block 2 (line"));
  EXPECT_THAT(problems_[0].message, HasSubstr("is a public key, not a certificate"));
}

TEST_F(KeyFiles, MayHoldAPublicKeyUnderItsId) {
  merchant().platform_public_keys = {
      {"PUB_KEY_ID_0114232134912410000000000000", folder_.write("pub.pem", pair_.public_key_pem)}};

  const auto merchants = load();

  EXPECT_NE(merchants->all().front().platform_keys.find("PUB_KEY_ID_0114232134912410000000000000"),
            nullptr);
}

TEST_F(KeyFiles, AreAllReportedIfSeveralAreInvalid) {
  merchant().api_v3_key_files = {folder_.write("short", "too short"), folder_.path() / "absent"};
  merchant().platform_certificates = {folder_.write("garbage.pem", "garbage"),
                                      folder_.path() / "none" / "*.pem"};
  load();

  EXPECT_EQ(problems_.size(), 4U);
}

TEST_F(KeyFiles, OfAWrongLengthAreReportedByLengthOnly) {
  merchant().api_v3_key_files = {folder_.write("short", "tooshortkey")};
  load();

  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].where, HasSubstr("short"));
  EXPECT_THAT(problems_[0].message, HasSubstr("11"));
  EXPECT_THAT(problems_[0].message, ::testing::Not(HasSubstr("tooshortkey")));
}

TEST_F(KeyFiles, ThatHaveExpiredAreAProblemOnlyWhereNoneIsLive) {
  load(kNow + std::chrono::days(366));
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0].message, HasSubstr("expired"));

  merchant().platform_public_keys = {
      {"PUB_KEY_ID_0114232134912410000000000000", folder_.write("pub.pem", pair_.public_key_pem)}};
  load(kNow + std::chrono::days(366));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(KeyFiles, InTheDirectoryOfFetchedCertificatesCount) {
  merchant().platform_certificates.clear();
  merchant().api.emplace().certificate_directory = folder_.path() / "certificates";

  EXPECT_NE(load()->all().front().platform_keys.find(pair_.serial), nullptr);
  EXPECT_TRUE(problems_.empty());
}

}  // namespace
}  // namespace couponhook::server
