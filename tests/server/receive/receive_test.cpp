// Tests of examine() and conclude(), which decide how every kind of request is answered. A stand-in
// for WeChat Pay makes notifications with one fault each, and thousands of altered copies of a
// correct notification.

#include "server/receive/receive.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "base/base64.hpp"
#include "support/parse_json.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::server {
namespace {

using std::chrono::system_clock;
using support::FakeRequest;
using support::redemption_draft;
using support::WeChatPayStandIn;

const system_clock::time_point kNow{std::chrono::seconds(1'763'700'000)};

std::vector<handlers::EventPattern> patterns(std::string_view text) {
  std::vector<handlers::EventPattern> result;
  result.push_back(*handlers::EventPattern::parse(text));
  return result;
}

class Receive : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { wechatpay_ = std::make_unique<WeChatPayStandIn>(kNow); }
  static void TearDownTestSuite() { wechatpay_.reset(); }

  Receive() { rules_.ledger.add("ledger", patterns("COUPON.*")); }

  [[nodiscard]] Examined examine_at(const FakeRequest& request,
                                    system_clock::time_point now = kNow) const {
    return examine(request.view(), merchant_, rules_, now);
  }
  [[nodiscard]] Verdict refusal(const FakeRequest& request) const {
    const Examined examined = examine_at(request);
    const auto* refused = std::get_if<Refused>(&examined);
    return refused == nullptr ? Verdict::kStored : refused->verdict;
  }

  static std::unique_ptr<WeChatPayStandIn> wechatpay_;
  Merchant merchant_ = wechatpay_->merchant();
  ReceiveRules rules_;
};
std::unique_ptr<WeChatPayStandIn> Receive::wechatpay_;

TEST_F(Receive, AcceptsAValidNotification) {
  const Draft draft = redemption_draft("N-1");

  const Examined examined = examine_at(wechatpay_->notify(draft));

  const auto& admitted = std::get<ToAdmit>(examined);
  EXPECT_EQ(admitted.verdict_if_new, Verdict::kStored);
  EXPECT_EQ(admitted.admission.id, "N-1");
  EXPECT_EQ(admitted.admission.mchid, "1900000001");
  EXPECT_EQ(admitted.admission.event_type, "COUPON.USE");
  EXPECT_EQ(admitted.admission.resource, draft.resource);
  EXPECT_EQ(admitted.admission.source, "notification");
  EXPECT_EQ(admitted.admission.received_at_ms, 1'763'700'000'000);
}

TEST_F(Receive, GivesTheLedgerItsFactWhereItsPatternMatches) {
  const auto examined = examine_at(wechatpay_->notify(redemption_draft("N-1")));
  const auto& fact = std::get<ToAdmit>(examined).admission.fact;

  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->kind, "redeem");
  EXPECT_EQ(fact->business_key, "C-N-1/T-N-1");
}

TEST_F(Receive, GivesTheLedgerNothingWhereNoPatternMatches) {
  rules_.ledger = {};
  const auto examined = examine_at(wechatpay_->notify(redemption_draft("N-1")));

  EXPECT_FALSE(std::get<ToAdmit>(examined).admission.fact.has_value());
}

TEST_F(Receive, OrdersDeliveriesByCoupon) {
  rules_.outward.add("crm", patterns("COUPON.USE"));
  const auto examined = examine_at(wechatpay_->notify(redemption_draft("N-1")));

  const auto& deliveries = std::get<ToAdmit>(examined).admission.deliveries;
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].handler, "crm");
  EXPECT_EQ(deliveries[0].ordering_key, "19733211/C-N-1");
}

TEST_F(Receive, GivesCopiesThatWereEncryptedAgainTheSameDigest) {
  const Draft draft = redemption_draft("N-1");
  const auto first = examine_at(wechatpay_->notify(draft));
  const auto second = examine_at(wechatpay_->notify(draft));

  EXPECT_EQ(std::get<ToAdmit>(first).admission.digest, std::get<ToAdmit>(second).admission.digest);
}

TEST_F(Receive, KeepsEventTypesThatAreNotDocumented) {
  Draft draft = redemption_draft("N-1");
  draft.event_type = "COUPON.SOMETHING_NEW";

  const auto examined = examine_at(wechatpay_->notify(draft));

  EXPECT_EQ(std::get<ToAdmit>(examined).verdict_if_new, Verdict::kStoredUnknownType);
}

TEST_F(Receive, KeepsEventsThatItCannotReadAndSaysWhy) {
  Draft draft = redemption_draft("N-1");
  draft.resource = R"({"stock_id":"19733211"})";

  const auto examined = examine_at(wechatpay_->notify(draft));

  EXPECT_EQ(std::get<ToAdmit>(examined).unreadable, "coupon_id is missing");
  EXPECT_EQ(std::get<ToAdmit>(examined).verdict_if_new, Verdict::kStoredUnreadable);
}

TEST_F(Receive, ReadsTheFactOfAResourceWithAHarmlessFlaw) {
  Draft draft = redemption_draft("N-1");
  draft.resource =
      "{\"stock_id\":\"12\",\"coupon_id\":\"34\",\"description\":\"a\nb\",\"consume_information\":"
      "{\"transaction_id\":\"4200\",\"consume_time\":\"2024-03-05T07:58:41+08:00\"}}";
  rules_.outward.add("crm", patterns("COUPON.USE"));

  const auto examined = examine_at(wechatpay_->notify(draft));

  const auto& admitted = std::get<ToAdmit>(examined);
  EXPECT_EQ(admitted.verdict_if_new, Verdict::kStored);
  EXPECT_EQ(admitted.unreadable, "");
  EXPECT_EQ(admitted.admission.flaw, "flaw: the resource has a control character in a string");
  ASSERT_TRUE(admitted.admission.fact);
  EXPECT_EQ(admitted.admission.fact->business_key, "34/4200");
  EXPECT_EQ(admitted.admission.deliveries.at(0).ordering_key, "12/34");
  EXPECT_EQ(admitted.admission.resource, draft.resource) << "as it came, byte for byte";
}

TEST_F(Receive, MarksWhatItCannotRead) {
  Draft draft = redemption_draft("N-1");
  draft.resource = R"({"stock_id":"12","coupon_id":"34","coupon_id":"35"})";

  const auto examined = examine_at(wechatpay_->notify(draft));

  EXPECT_EQ(std::get<ToAdmit>(examined).verdict_if_new, Verdict::kStoredUnreadable);
  EXPECT_EQ(std::get<ToAdmit>(examined).admission.flaw,
            "unreadable: coupon_id comes twice with different values");
  EXPECT_FALSE(std::get<ToAdmit>(examined).admission.fact);
}

TEST_F(Receive, KeepsSignedIdentifiersOfAnotherFormAndNotesThem) {
  Draft draft = redemption_draft("N-1");
  draft.resource =
      R"({"stock_id":"12","coupon_id":"34","consume_information":{"transaction_id":"4.2E+27"}})";

  const auto examined = examine_at(wechatpay_->notify(draft));

  const storage::Admission& admission = std::get<ToAdmit>(examined).admission;
  EXPECT_EQ(admission.flaw, "flaw: consume_information.transaction_id is not 1 to 32 digits");
  ASSERT_TRUE(admission.fact);
  EXPECT_EQ(admission.fact->business_key, "34/4.2E+27");
}

TEST_F(Receive, RecordsNoFlawOfAValidEvent) {
  Draft draft = redemption_draft("N-1");
  draft.resource =
      R"({"stock_id":"12","coupon_id":"34","consume_information":{"transaction_id":"4200"}})";
  const Examined valid = examine_at(wechatpay_->notify(draft));
  EXPECT_EQ(std::get<ToAdmit>(valid).admission.flaw, "");
  draft.event_type = "COUPON.SOMETHING_NEW";
  draft.resource = "no JSON";
  const Examined unknown = examine_at(wechatpay_->notify(draft));
  EXPECT_EQ(std::get<ToAdmit>(unknown).admission.flaw, "") << "nobody reads it";
}

TEST_F(Receive, IsNoMoreLenientWithAnEnvelope) {
  for (const char* flaw : {"{\"id\":\"N\n\",", "\xEF\xBB\xBF{", "{\"id\":\"N\",\"id\":\"N\",",
                           "{\"summary\":\"\x1F\",", "{\"summary\":\"\\ud83c\","}) {
    const FakeRequest valid = wechatpay_->notify(redemption_draft("N-1"));
    const std::string body = flaw + std::string(valid.view().body.substr(1));
    const auto parsed = handlers::parse_notification(body, rules_.json);
    EXPECT_FALSE(parsed) << flaw;
  }
}

TEST_F(Receive, RefusesEachKindOfWrongSignature) {
  const Draft draft = redemption_draft("N-1");

  EXPECT_EQ(refusal(wechatpay_->notify(draft, Bad::kSignature)), Verdict::kSignatureInvalid);
  EXPECT_EQ(refusal(wechatpay_->notify(draft, Bad::kSerial)), Verdict::kSerialUnknown);
  EXPECT_EQ(refusal(wechatpay_->notify(draft, Bad::kTimestamp)), Verdict::kTimestampInvalid);
  EXPECT_EQ(refusal(wechatpay_->notify(draft, Bad::kProbe)), Verdict::kProbe);
}

TEST_F(Receive, RefusesAnySingleMissingHeader) {
  for (const char* name :
       {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"}) {
    FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
    request.set(name, "");
    EXPECT_EQ(refusal(request), Verdict::kHeadersMissing) << name;
  }
}

TEST_F(Receive, NamesTheProxyWhereAllHeadersAreMissing) {
  FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
  for (const char* name :
       {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"}) {
    request.set(name, "");
  }

  const Examined examined = examine_at(request);

  EXPECT_NE(std::get<Refused>(examined).hint.find("proxy"), std::string_view::npos);
}

TEST_F(Receive, AcceptsATimestampAtTheToleranceAndRefusesOneBeyond) {
  const FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
  using std::chrono::seconds;

  EXPECT_TRUE(std::holds_alternative<ToAdmit>(examine_at(request, kNow + seconds(300))));
  EXPECT_TRUE(std::holds_alternative<ToAdmit>(examine_at(request, kNow - seconds(300))));
  EXPECT_TRUE(std::holds_alternative<Refused>(examine_at(request, kNow + seconds(301))));
  EXPECT_TRUE(std::holds_alternative<Refused>(examine_at(request, kNow - seconds(301))));
}

TEST_F(Receive, QuarantinesWhatItCannotDecryptWithItsIdentity) {
  const auto request = wechatpay_->notify(redemption_draft("N-1"), Bad::kCiphertext);

  const Examined examined = examine_at(request);

  const auto& sealed = std::get<ToQuarantine>(examined);
  EXPECT_EQ(sealed.verdict, Verdict::kDecryptFailed);
  EXPECT_EQ(sealed.record.reason, "DECRYPT_FAILED");
  EXPECT_EQ(sealed.record.id, "N-1");
  EXPECT_EQ(sealed.record.event_type, "COUPON.USE");
  EXPECT_EQ(sealed.record.body, request.view().body);
}

TEST_F(Receive, OpensWithWhicheverApiV3KeyIsTheRightOne) {
  merchant_.ciphers.insert(
      merchant_.ciphers.begin(),
      crypto::ResourceCipher(crypto::Secret(std::string("ffffffffffffffffffffffffffffffff"))));

  EXPECT_TRUE(
      std::holds_alternative<ToAdmit>(examine_at(wechatpay_->notify(redemption_draft("N-1")))));
}

TEST_F(Receive, QuarantinesAnEnvelopeWithoutAnId) {
  const Examined examined = examine_at(wechatpay_->notify(redemption_draft("")));

  const auto& sealed = std::get<ToQuarantine>(examined);
  EXPECT_EQ(sealed.verdict, Verdict::kEnvelopeInvalid);
  EXPECT_EQ(sealed.record.id, "");
  EXPECT_NE(sealed.record.detail.find("id"), std::string::npos);
}

TEST_F(Receive, RefusesEverySingleBitChangeOfTheSignature) {
  FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
  const auto signature = base::base64_decode(request.get("Wechatpay-Signature"));
  ASSERT_TRUE(signature.has_value());

  for (std::size_t bit = 0; bit < signature->size() * 8; ++bit) {
    std::string mutant = *signature;
    mutant[bit / 8] = static_cast<char>(mutant[bit / 8] ^ (1 << (bit % 8)));
    request.set("Wechatpay-Signature", base::base64_encode(mutant));
    ASSERT_EQ(refusal(request), Verdict::kSignatureInvalid) << "bit " << bit;
  }
}

TEST_F(Receive, RefusesEveryByteChangeOfTheBody) {
  FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));

  for (char& byte : request.body()) {
    const char original = byte;
    byte = static_cast<char>(byte ^ 1);
    ASSERT_EQ(refusal(request), Verdict::kSignatureInvalid);
    byte = original;
  }
  EXPECT_TRUE(std::holds_alternative<ToAdmit>(examine_at(request)));
}

TEST_F(Receive, RefusesEveryByteChangeOfTimestampNonceAndSerial) {
  for (const char* name : {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial"}) {
    FakeRequest request = wechatpay_->notify(redemption_draft("N-1"));
    const std::string original = request.get(name);
    for (std::size_t i = 0; i < original.size(); ++i) {
      for (int byte = 0x21; byte < 0x7F; ++byte) {
        std::string mutant = original;
        mutant[i] = static_cast<char>(byte);
        const bool same_serial = std::string_view(name) == "Wechatpay-Serial" &&
                                 std::tolower(byte) == std::tolower(original[i]);
        if (mutant == original || same_serial) continue;
        request.set(name, mutant);
        ASSERT_TRUE(std::holds_alternative<Refused>(examine_at(request))) << name << ' ' << mutant;
      }
    }
  }
}

TEST_F(Receive, AdmitsThePublicSdksCompleteNotification) {
  const char* folder = std::getenv("COUPONHOOK_VECTORS");
  if (folder == nullptr) GTEST_SKIP() << "COUPONHOOK_VECTORS names no folder with SDK vectors";
  std::ifstream in(std::string(folder) + "/go_notify_rsa_aesgcm.json");
  std::stringstream content;
  content << in.rdbuf();
  const auto vector = support::parse_json(content.str());
  const auto text = [&](const char* key) { return std::string(vector[key].GetString()); };
  SignedNotification notification;
  for (const auto& header : vector["headers"].GetObject()) {
    notification.headers.emplace_back(header.name.GetString(), header.value.GetString());
  }
  notification.body = text("body");
  Merchant merchant{"1", "/notify/1900000001", std::chrono::seconds(300), {}, {}};
  ASSERT_TRUE(merchant.platform_keys.add_certificate(text("platform_certificate_pem")));
  merchant.ciphers.emplace_back(crypto::Secret(text("api_v3_key")));
  const system_clock::time_point then{std::chrono::seconds(vector["evaluate_at_unix"].GetInt64())};

  const Examined examined =
      examine(FakeRequest(std::move(notification)).view(), merchant, rules_, then);

  EXPECT_EQ(std::get<ToAdmit>(examined).admission.resource, text("expected_plaintext"));
}

TEST(Conclude, ReportsTheResultOfTheStore) {
  using enum storage::AdmitOutcome;
  const Examined known = ToAdmit{Verdict::kStored, {}, {}};
  const Examined unknown = ToAdmit{Verdict::kStoredUnknownType, {}, {}};
  const Examined sealed = ToQuarantine{Verdict::kDecryptFailed, {}};

  EXPECT_EQ(conclude(known, kStored), Verdict::kStored);
  EXPECT_EQ(conclude(unknown, kStored), Verdict::kStoredUnknownType);
  EXPECT_EQ(conclude(known, kDuplicate), Verdict::kDuplicate);
  EXPECT_EQ(conclude(known, kConflict), Verdict::kConflict);
  EXPECT_EQ(conclude(sealed, kQuarantined), Verdict::kDecryptFailed);
}

TEST(Conclude, NeverAcknowledgesWhatFailedToCommit) {
  for (const Examined& examined : {Examined(ToAdmit{Verdict::kStored, {}, {}}),
                                   Examined(ToQuarantine{Verdict::kDecryptFailed, {}})}) {
    EXPECT_EQ(conclude(examined, storage::AdmitOutcome::kFailed), Verdict::kStoreUnavailable);
  }
}

}  // namespace
}  // namespace couponhook::server
