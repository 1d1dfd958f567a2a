// Goal: connections are counted for whom they belong to, and places come free again.
// Method: places taken and given back in the orders in which connections do.

#include "server/net/listener_share.hpp"

#include <list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

class NobodyAsks final : public RequestHandler {
 public:
  [[nodiscard]] std::optional<Reply> refuse(std::string_view, std::string_view) const override {
    return {};
  }
  [[nodiscard]] Task<Reply> handle(const Request&) override { co_return Reply{}; }
  [[nodiscard]] Reply fault(HttpFault, std::string_view) override { return {}; }
};

class Counts : public ::testing::Test {
 protected:
  static HttpLimits limits() {
    HttpLimits limits{};
    limits.max_connections = 4;
    limits.max_connections_per_address = 2;
    limits.max_refusals = 1;
    return limits;
  }

  /// A connection comes. \return what is done with it.
  Admission enter(std::string_view client = {}) {
    Presence& presence = present_.emplace_back(share_);
    if (!client.empty()) presence.count_for(*IpAddress::parse(client));
    return presence.admission();
  }

  NobodyAsks handler_;
  ListenerShare share_{limits(), TrustedProxies(), handler_, nullptr, nullptr};
  std::list<Presence> present_;
};

TEST_F(Counts, RefuseThenDropWhoComesAfterTheLastPlace) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(enter(), Admission::kServed);
  EXPECT_EQ(enter(), Admission::kRefused);
  EXPECT_EQ(enter(), Admission::kDropped);
}

TEST_F(Counts, GiveAPlaceBackWithItsConnection) {
  for (int i = 0; i < 6; ++i) static_cast<void>(enter());

  present_.pop_front();

  EXPECT_EQ(enter(), Admission::kServed);
  present_.clear();
  EXPECT_FALSE(share_.busy());
}

TEST_F(Counts, RefuseAClientThatHasItsShareAndNobodyElse) {
  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.1"), Admission::kRefused);
  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed);
}

TEST_F(Counts, FreeThePlaceOfARefusedConnection) {
  for (int i = 0; i < 3; ++i) static_cast<void>(enter("203.0.113.1"));

  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed) << "the refused one is not counted";
}

TEST_F(Counts, TakeAnIpv6NetworkOf64BitsForOneClient) {
  EXPECT_EQ(enter("2001:db8::1"), Admission::kServed);
  EXPECT_EQ(enter("2001:db8::ffff:0:0:2"), Admission::kServed);
  EXPECT_EQ(enter("2001:db8::3"), Admission::kRefused);
  EXPECT_EQ(enter("2001:db8:0:1::1"), Admission::kServed);
}

TEST_F(Counts, MoveAConnectionToTheClientOfItsNextRequest) {
  ASSERT_EQ(enter("203.0.113.1"), Admission::kServed);
  ASSERT_EQ(enter("203.0.113.1"), Admission::kServed);

  EXPECT_TRUE(present_.front().count_for(*IpAddress::parse("203.0.113.2")));

  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
}

TEST_F(Counts, RefuseAConnectionThatMovesToAClientWithItsShare) {
  ASSERT_EQ(enter("203.0.113.1"), Admission::kServed);
  ASSERT_EQ(enter("203.0.113.1"), Admission::kServed);
  ASSERT_EQ(enter("203.0.113.2"), Admission::kServed);

  EXPECT_FALSE(present_.back().count_for(*IpAddress::parse("203.0.113.1")));

  EXPECT_EQ(present_.back().admission(), Admission::kRefused);
}

}  // namespace
}  // namespace couponhook::server
