// Checks the evidence about wrong signatures: which changes by proxies are found, how often the
// search runs, and that strangers cannot invent a change.

#include "server/receive/signature_faults.hpp"

#include <gtest/gtest.h>

#include "server/receive/nearest_path.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::server {
namespace {

using std::chrono::seconds;
using support::FakeRequest;
using support::redemption_draft;

class SignatureFaultsTest : public ::testing::Test {
 protected:
  FakeRequest notification() { return wechatpay_.notify(redemption_draft("N-1")); }
  SignatureEvidence examine(FakeRequest& request) {
    Request view = request.view();
    view.hop = "10.0.0.7";
    return faults_.examine(view, merchant_, now_);
  }
  /// Examines a request whose body got a newline.
  SignatureEvidence examine_with_newline() {
    FakeRequest request = notification();
    request.body() += '\n';
    return examine(request);
  }

  support::WeChatPayStandIn wechatpay_{
      std::chrono::system_clock::time_point(seconds(1'763'700'000))};
  Merchant merchant_ = wechatpay_.merchant();
  SteadyClock::time_point now_ = SteadyClock::now();
  SignatureFaults faults_;
};

TEST_F(SignatureFaultsTest, NamesTheChangeAndTheProxy) {
  EXPECT_NE(examine_with_newline().damage.find("trailing newline was added"), std::string::npos);
  const auto list = faults_.list();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].hop, "10.0.0.7");
  EXPECT_EQ(list[0].mchid, merchant_.mchid);
  EXPECT_EQ(list[0].damage, Damage::kNewlineAdded);
  EXPECT_EQ(list[0].requests, 1U);
}

TEST_F(SignatureFaultsTest, SearchesOnceASecond) {
  examine_with_newline();
  now_ += seconds(1) - std::chrono::nanoseconds(1);
  EXPECT_EQ(examine_with_newline().damage, "");
  now_ += std::chrono::nanoseconds(1);
  EXPECT_NE(examine_with_newline().damage, "");
  EXPECT_EQ(faults_.list().at(0).requests, 2U);
}

TEST_F(SignatureFaultsTest, TakesNoChangeFromAForgedSignature) {
  FakeRequest request = notification();
  request.body() += '\n';
  request.set("Wechatpay-Signature", std::string(342, 'A') + "==");
  EXPECT_EQ(examine(request).damage, "");
  EXPECT_TRUE(faults_.list().empty());
}

TEST_F(SignatureFaultsTest, GivesTheDigestAndTheProxiesOfEveryRequest) {
  FakeRequest request = notification();
  request.body() = "abc";
  request.set("Content-Encoding", "gzip");
  request.set("X-Forwarded-For", "203.0.113.7");
  request.set("Via", "1.1 edge");
  const SignatureEvidence evidence = examine(request);
  // FIPS 180-2, appendix B.1
  EXPECT_EQ(evidence.body_sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(evidence.content_encoding, "gzip");
  EXPECT_EQ(evidence.proxies, "X-Forwarded-For: 203.0.113.7; Via: 1.1 edge");
}

TEST_F(SignatureFaultsTest, DoesNotSearchInLongBodies) {
  FakeRequest request = notification();
  request.body().resize(SignatureFaults::kBodyBytesMax + 1, '\n');
  EXPECT_EQ(examine(request).damage, "");
}

TEST(NearestPath, FindsThePathThatIsMeant) {
  std::vector<Merchant> list;
  for (const char* mchid : {"1900000001", "1900000002"}) {
    list.push_back({mchid, std::string("/notify/") + mchid, seconds(300), {}, {}});
  }
  list.push_back({"1900000003", "/wx", seconds(300), {}, {}});
  const Merchants merchants(std::move(list));
  EXPECT_EQ(nearest_path(merchants, "/notify/1900000002/"), "/notify/1900000002");
  EXPECT_EQ(nearest_path(merchants, "/api/1900000001"), "/notify/1900000001");
  EXPECT_EQ(nearest_path(merchants, "/Notify/190000000"), "/notify/1900000001");
  EXPECT_EQ(nearest_path(merchants, "/WX/"), "/wx");
  EXPECT_EQ(nearest_path(merchants, "/wp-login.php"), "");
  EXPECT_EQ(nearest_path(merchants, "/" + std::string(300, 'x') + "1900000001"), "");
}

}  // namespace
}  // namespace couponhook::server
