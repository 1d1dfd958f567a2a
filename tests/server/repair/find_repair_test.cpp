// Checks that find_repair() names the change that made a signature wrong. The requests are made by
// the stand-in for WeChat Pay, and one is the published vector of WeChat Pay's Go library.

#include "server/repair/find_repair.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "server/repair/inflate.hpp"
#include "server/repair/json_layouts.hpp"
#include "support/json_file.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::server {
namespace {

using support::FakeRequest;
using support::redemption_draft;
using support::WeChatPayStandIn;

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'763'700'000)};

class FindRepair : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { wechatpay_ = std::make_unique<WeChatPayStandIn>(kNow); }
  static void TearDownTestSuite() { wechatpay_.reset(); }

  static SignedMessage signed_message() {
    FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
    return {request.get("Wechatpay-Timestamp"),
            request.get("Wechatpay-Nonce"),
            request.get("Wechatpay-Serial"),
            request.get("Wechatpay-Signature"),
            "",
            request.body()};
  }
  RepairSearch search(const SignedMessage& message,
                      RepairEffort effort = RepairEffort::kThorough) const {
    return find_repair(merchant_.platform_keys, message, {.effort = effort});
  }

  static std::unique_ptr<WeChatPayStandIn> wechatpay_;
  Merchant merchant_ = wechatpay_->merchant();
};
std::unique_ptr<WeChatPayStandIn> FindRepair::wechatpay_;

TEST_F(FindRepair, FindsNothingToUndoInASoundMessage) {
  const SignedMessage sound = signed_message();
  const RepairSearch found = search(sound);
  ASSERT_TRUE(found.repair);
  EXPECT_TRUE(found.repair->damages.empty());
  EXPECT_EQ(found.repair->message, sound);
  EXPECT_EQ(found.signer, wechatpay_->serial());
}

TEST_F(FindRepair, RestoresTheSignedBytes) {
  const SignedMessage sound = signed_message();
  SignedMessage damaged = sound;
  damaged.body += '\n';
  for (const RepairEffort effort : {RepairEffort::kQuick, RepairEffort::kThorough}) {
    const RepairSearch found = search(damaged, effort);
    ASSERT_TRUE(found.repair);
    EXPECT_EQ(found.repair->message, sound);
    EXPECT_EQ(found.repair->damages.front().damage, Damage::kNewlineAdded);
  }
}

TEST_F(FindRepair, UndoesTwoChangesOnlyWithThoroughEffort) {
  SignedMessage damaged = signed_message();
  damaged.body = "\xEF\xBB\xBF" + damaged.body + "\r\n";
  EXPECT_FALSE(search(damaged, RepairEffort::kQuick).repair);
  const RepairSearch found = search(damaged);
  ASSERT_TRUE(found.repair);
  EXPECT_EQ(found.repair->damages.size(), 2U);
}

TEST_F(FindRepair, NamesTheKeyThatMadeTheSignatureOfAChangedBody) {
  SignedMessage forged = signed_message();
  forged.body.replace(forged.body.find("COUPON.USE"), 10, "COUPON.ABC");
  const RepairSearch found = search(forged);
  EXPECT_FALSE(found.repair);
  EXPECT_EQ(found.signer, wechatpay_->serial());
  EXPECT_EQ(found.unrepaired.damage, Damage::kUnknown);
}

TEST_F(FindRepair, NamesNoKeyForAForgedSignature) {
  SignedMessage forged = signed_message();
  forged.signature = std::string(342, 'A') + "==";
  const RepairSearch found = search(forged);
  EXPECT_FALSE(found.repair);
  EXPECT_EQ(found.signer, "");
}

TEST_F(FindRepair, SaysWhatIsTruncatedOrEmpty) {
  SignedMessage shorter = signed_message();
  shorter.body.resize(shorter.body.size() / 2);
  EXPECT_EQ(search(shorter).unrepaired.damage, Damage::kBodyTruncated);
  SignedMessage empty = signed_message();
  empty.body.clear();
  EXPECT_EQ(search(empty).unrepaired.damage, Damage::kBodyEmpty);
  SignedMessage cut = signed_message();
  cut.signature.resize(100);
  EXPECT_EQ(search(cut).unrepaired.damage, Damage::kSignatureTruncated);
}

TEST_F(FindRepair, LeavesLongBodiesAlone) {
  SignedMessage damaged = signed_message();
  damaged.body += '\n';
  RepairLimits limits{.body_bytes_max = damaged.body.size() - 1};
  EXPECT_FALSE(find_repair(merchant_.platform_keys, damaged, limits).repair);
  limits.body_bytes_max = damaged.body.size();
  EXPECT_TRUE(find_repair(merchant_.platform_keys, damaged, limits).repair);
}

TEST_F(FindRepair, EndsAfterTheAllowedAmountOfWork) {
  SignedMessage forged = signed_message();
  forged.body.insert(1, "\"added\":\"" + std::string(500'000, 'x') + "\",");
  // Without the limit, the search would write 345,600 layouts of this body.
  const RepairLimits limits{.searched_bytes_max = 16U << 20U};
  EXPECT_FALSE(find_repair(merchant_.platform_keys, forged, limits).repair);
}

TEST(FindRepairVector, RepairsTheReserialisedVectorOfTheGoLibrary) {
  const char* const folder = std::getenv("COUPONHOOK_VECTORS");
  if (folder == nullptr) GTEST_SKIP() << "COUPONHOOK_VECTORS is not set";
  const auto vector = support::read_json(std::string(folder) + "/go_notify_rsa_aesgcm.json");
  crypto::PlatformKeys keys;
  ASSERT_TRUE(keys.add_certificate(support::text_of(vector, "platform_certificate_pem")));
  const auto& headers = vector["headers"];
  const std::string body = support::text_of(vector, "body");
  SignedMessage message{support::text_of(headers, "Wechatpay-Timestamp"),
                        support::text_of(headers, "Wechatpay-Nonce"),
                        support::text_of(headers, "Wechatpay-Serial"),
                        support::text_of(headers, "Wechatpay-Signature"),
                        "",
                        {}};
  bool reserialised = false;
  // Takes the last usual layout, which is indented and escaped.
  EXPECT_FALSE(
      visit_layouts(body, MemberOrders::kUsual, [&](const std::string& layout, std::string_view) {
        reserialised = layout != body;
        message.body = layout;
        return false;
      }));
  ASSERT_TRUE(reserialised);
  const RepairSearch found = find_repair(keys, message, {});
  ASSERT_TRUE(found.repair);
  EXPECT_EQ(found.repair->message.body, body);
  EXPECT_EQ(found.repair->damages.front().damage, Damage::kReserialised);
}

TEST(Inflate, StopsAtItsLimitAndAtIncompleteData) {
  // printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | gzip -nc | xxd -p
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\xc4\x0f\x00\x77\x17\xb1\xca\x20\x00\x00"
      "\x00",
      23);
  EXPECT_EQ(inflate_bytes(gzip, 32), std::string(32, 'a'));
  EXPECT_EQ(inflate_bytes(gzip, 31), std::nullopt);
  EXPECT_EQ(inflate_bytes(gzip.substr(0, 15), 32), std::nullopt);
  EXPECT_EQ(inflate_bytes("plain text", 32), std::nullopt);
  EXPECT_EQ(inflate_bytes("", 32), std::nullopt);
}

}  // namespace
}  // namespace couponhook::server
