// Tests of the APIs of the sandbox (a simulated WeChat Pay) without HTTP, signatures or a real
// clock: routes, rate limits, expiry of download links, and rollover of the signing keys. The tests
// in tests/integration check the sandbox over HTTP.

#include <gmock/gmock.h>

#include "crypto/self_signed.hpp"
#include "sandbox/api.hpp"
#include "sandbox/digests.hpp"

namespace couponhook::server::sandbox {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const Time kNow{std::chrono::seconds(1'763'700'000)};

PlatformKeyPtr make_certificate() {
  crypto::SelfSignedOptions options;
  options.kind = crypto::PairKind::kRsa2048;
  options.common_name = "platform";
  options.valid_from = kNow;
  crypto::SelfSignedPair pair = crypto::make_self_signed(options);
  auto signer = crypto::Signer::from_pem(pair.private_key_pem);
  return std::make_shared<const PlatformKey>(
      PlatformKey{pair.serial, pair.certificate_pem, pair.public_key_pem,
                  std::move(pair.private_key_pem), std::move(*signer), kNow, kNow + 24h});
}

PlatformOptions options() {
  PlatformOptions options;
  options.base_url = "https://sandbox";
  return options;
}

class SandboxApi : public ::testing::Test {
 protected:
  SandboxApi() : platform_(options(), make_certificate()) {
    Account& account = platform_.accounts["1900000001"];
    account.callbacks[Product::kFavor] = {"https://receiver.example/notify"};
    account.callbacks[Product::kBusifavor] = {"https://receiver.example/notify"};
  }

  Result<Answer> ask(std::string_view method, std::string_view target, std::string_view body = "") {
    Call call{method, *base::parse_request_target(target),
              body,   "1900000001",
              {},     {kNow, ScheduleTime(0)}};
    auto match = routes_.find(method, call.target);
    if (match.handler == nullptr) return ApiError{404, "NO_ROUTE", match.allow};
    call.path_parameters = std::move(match.path_parameters);
    return (*match.handler)(call);
  }

  Platform platform_;
  Routes routes_ = make_routes(platform_);
};

TEST_F(SandboxApi, DistinguishesUnknownPathsFromWrongMethods) {
  EXPECT_EQ(ask("GET", "/v3/marketing/favor/none").error().message, "");
  EXPECT_EQ(ask("GET", "/v3/marketing/favor/coupon-stocks").error().message, "POST");
  EXPECT_EQ(ask("DELETE", "/v3/marketing/favor/callbacks").error().message, "POST, GET");
}

TEST_F(SandboxApi, NotifiesOfAnIssue) {
  ASSERT_TRUE(ask("POST", "/sandbox/issue", R"({"stock_id":"77","openid":"oUser"})"));
  ASSERT_EQ(platform_.outbox.entries().size(), 1U);
  const OutboxEntry& entry = platform_.outbox.entry(0);
  EXPECT_EQ(entry.draft.event_type, "COUPON.SEND");
  EXPECT_EQ(entry.url, "https://receiver.example/notify");
  EXPECT_THAT(entry.draft.resource, HasSubstr(R"("openid":"oUser")"));
}

TEST_F(SandboxApi, IssuesSeveralAtOnce) {
  ASSERT_TRUE(ask("POST", "/sandbox/issue", R"({"stock_id":"77","count":25})"));
  EXPECT_EQ(platform_.outbox.entries().size(), 25U);
}

TEST_F(SandboxApi, SendsNoNotificationOfAMerchantCouponsRedemption) {
  const auto issued = ask("POST", "/sandbox/issue", R"({"stock_id":"77","coupon_code":"C1"})");
  ASSERT_TRUE(issued);
  ASSERT_TRUE(ask("POST", "/sandbox/redeem", R"({"coupon_id":"C1"})"));
  EXPECT_EQ(platform_.outbox.entries().size(), 1U);
}

TEST_F(SandboxApi, LosesTheConfiguredShareOfNotifications) {
  ASSERT_TRUE(ask("POST", "/sandbox/faults", R"({"lose_percent":10})"));
  ASSERT_TRUE(ask("POST", "/sandbox/issue", R"({"stock_id":"77","count":1000})"));
  const auto lost = platform_.outbox.summary().by_state["lost"];
  EXPECT_GT(lost, 60U);
  EXPECT_LT(lost, 140U);
}

TEST_F(SandboxApi, ChangesOnlyTheFaultsThatAreNamed) {
  ASSERT_TRUE(ask("POST", "/sandbox/faults", R"({"lose_percent":10,"lose_event":"COUPON.USE"})"));
  const auto faults = ask("POST", "/sandbox/faults", R"({"probe_percent":5})");
  EXPECT_EQ(faults->body, R"({"lose_percent":10.0,"lose_event":"COUPON.USE","probe_percent":5.0,)"
                          R"("duplicate_percent":0.0,"shuffle_s":0})");
  EXPECT_FALSE(ask("POST", "/sandbox/faults", R"({"lose_percent":101})"));
}

TEST_F(SandboxApi, RefusesABodyThatIsNoObject) {
  for (const char* body : {"", "[]", "{", R"({"stock_id":1})"}) {
    EXPECT_EQ(ask("POST", "/sandbox/issue", body).error().code, "PARAM_ERROR") << body;
  }
}

TEST(SandboxGate, RefusesWhatExceedsAMinutesShareByMerchant) {
  RequestLimiter gate(2);
  EXPECT_FALSE(gate.refuse("1", "/v3/certificates", kNow));
  EXPECT_FALSE(gate.refuse("1", "/v3/certificates", kNow));
  EXPECT_EQ(gate.refuse("1", "/v3/certificates", kNow + 59s)->code, "FREQUENCY_LIMITED");
  EXPECT_FALSE(gate.refuse("2", "/v3/certificates", kNow));
  EXPECT_FALSE(gate.refuse("1", "/v3/certificates", kNow + 60s));
}

TEST(SandboxFlowLinks, LiveThirtySeconds) {
  FlowLinks links(30s);
  links.add("token", "file", kNow);
  EXPECT_NE(links.find("token", kNow + 30s), nullptr);
  EXPECT_EQ(links.find("token", kNow + 31s), nullptr);
  EXPECT_EQ(links.find("another", kNow), nullptr);
}

TEST(SandboxFlows, AreThereFromTenOClockInBeijingOnTheDayAfterTheEnd) {
  Stock stock;
  stock.terms.available_until = Time(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1} + 4h);
  const Time ten_in_beijing(std::chrono::sys_days{std::chrono::year(2026) / 3 / 2} + 2h);
  EXPECT_FALSE(has_flows(stock, ten_in_beijing - 1s));
  EXPECT_TRUE(has_flows(stock, ten_in_beijing));
  stock.flows_open = true;
  EXPECT_TRUE(has_flows(stock, Time()));
}

TEST(SandboxDigests, GiveThePublishedValues) {
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  // Key, message and signature from the example in WeChat Pay's documentation of APIv2 signatures
  // (APIv2 is an older interface).
  constexpr std::string_view kKey = "192006250b4c09247ec02edce69f6a2d";
  EXPECT_EQ(hmac_sha256_hex(kKey,
                            "appid=wxd930ea5d5a258f4f&body=test&device_info=1000&"
                            "mch_id=10000100&nonce_str=ibuaiVcKdpRxkhJA&key=" +
                                std::string(kKey)),
            "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6");
}

TEST(SandboxCertificates, RollOverFromOneToTheNext) {
  Certificates certificates(make_certificate());
  const std::string old = certificates.signing().front()->serial;
  const auto stage = [&](Stage next) {
    certificates.roll(next, 0.5, kNow);
    return std::pair(certificates.downloadable().size(), certificates.signing().size());
  };
  EXPECT_EQ(stage(Stage::kAnnounced), std::pair(2UL, 1UL));
  EXPECT_EQ(certificates.signing().front()->serial, old);
  EXPECT_EQ(stage(Stage::kBoth), std::pair(2UL, 2UL));
  EXPECT_EQ(stage(Stage::kNew), std::pair(1UL, 1UL));
  EXPECT_NE(certificates.signing().front()->serial, old);
  EXPECT_EQ(stage(Stage::kMixed), std::pair(1UL, 2UL));
  EXPECT_EQ(stage(Stage::kPublicKey), std::pair(0UL, 1UL));
  EXPECT_TRUE(certificates.signing().front()->serial.starts_with("PUB_KEY_ID_"));
}

TEST(SandboxCertificates, SignAReplyWithTheKeyThatIsAskedFor) {
  Certificates certificates(make_certificate());
  SeededRandom chance(1);
  certificates.roll(Stage::kMixed, 1, kNow);
  const auto signing = certificates.signing();
  EXPECT_EQ(certificates.choose_for_reply("", chance), signing.front());
  EXPECT_EQ(certificates.choose_for_reply(signing.back()->serial, chance), signing.back());
}

}  // namespace
}  // namespace couponhook::server::sandbox
