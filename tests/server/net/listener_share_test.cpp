// Tests of the limits for network connections: connections are counted for their client, a closed
// connection makes room for another, and a sender of signed notifications is served even if
// strangers hold all connections. The tests open and close connections in the possible orders, with
// a clock that they advance themselves.

#include "server/net/listener_share.hpp"

#include <list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

class UnusedHandler final : public RequestHandler {
 public:
  [[nodiscard]] std::optional<Reply> refuse(std::string_view, std::string_view,
                                            std::string_view) const override {
    return {};
  }
  [[nodiscard]] Task<Reply> handle(const Request&) override { co_return Reply{}; }
  [[nodiscard]] Reply fault(HttpFault, std::string_view, std::string_view) override { return {}; }
};

class Counts : public ::testing::Test {
 protected:
  explicit Counts(std::size_t most = 4, std::size_t most_per_address = 2)
      : share_(limits(most, most_per_address), TrustedProxies(), handler_, nullptr,
               ListenerShare::Observers{nullptr, [this](std::size_t more) { evictions_ += more; }},
               [this] { return now_; }) {}

  static HttpLimits limits(std::size_t most, std::size_t most_per_address) {
    HttpLimits limits{};
    limits.max_connections = most;
    limits.max_connections_per_address = most_per_address;
    limits.max_refusals = 1;
    return limits;
  }

  /// Opens a connection from `client`, whose TLS handshake is not finished. \return its entry in
  /// the counts of connections.
  std::shared_ptr<ConnectionSlot> come(std::string_view client = {}) {
    std::optional<base::IpAddress> address;
    if (!client.empty()) address = base::IpAddress::parse(client);
    auto presence = ConnectionSlot::enter(share_, io_.get_executor(), address);
    presence->on_eviction([this] { ++ended_; });
    present_.push_back(presence);
    return presence;
  }
  std::shared_ptr<ConnectionSlot> come_and(Waiting waiting, std::string_view client = {}) {
    auto presence = come(client);
    if (waiting == Waiting::kSigned) presence->carries_signature();
    if (waiting == Waiting::kHandled) {
      presence->handle();
    } else {
      presence->wait(waiting == Waiting::kSigned ? Waiting::kIdle : waiting);
    }
    return presence;
  }
  /// Opens a connection from `client`.
  /// \return the decision for the connection: served, refused or dropped.
  Admission enter(std::string_view client = {}) { return come(client)->admission(); }

  /// Runs the callbacks that other code has posted to the connections' thread.
  void run() {
    io_.restart();
    io_.poll();
  }

  SteadyClock::time_point now_{};
  asio::io_context io_;
  UnusedHandler handler_;
  std::size_t evictions_ = 0;
  int ended_ = 0;
  ListenerShare share_;
  std::list<std::shared_ptr<ConnectionSlot>> present_;
};

TEST_F(Counts, RejectThenDropConnectionsWhileAllAreBusy) {
  for (int i = 0; i < 4; ++i) come_and(Waiting::kHandled);
  EXPECT_EQ(enter(), Admission::kRefused);
  EXPECT_EQ(enter(), Admission::kDropped);
}

TEST_F(Counts, FreeASlotWithItsConnection) {
  for (int i = 0; i < 6; ++i) come()->handle();

  present_.pop_front();

  EXPECT_EQ(enter(), Admission::kServed);
  present_.clear();
  EXPECT_FALSE(share_.busy());
}

TEST_F(Counts, RejectOnlyTheClientThatHasItsShare) {
  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.1"), Admission::kRefused);
  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed);
}

TEST_F(Counts, EvictASlowSenderForANewConnection) {
  for (int i = 0; i < 3; ++i) come_and(Waiting::kSlow);
  for (int i = 0; i < 4; ++i) {
    now_ += milliseconds(900);
    for (const auto& presence : present_) presence->wait(Waiting::kSlow);
  }
  const auto arrived = come_and(Waiting::kIdle);

  EXPECT_EQ(enter(), Admission::kServed);

  EXPECT_EQ(arrived->admission(), Admission::kServed);
  EXPECT_EQ(present_.front()->admission(), Admission::kEvicted);
}

TEST_F(Counts, FreeTheSlotOfARejectedConnection) {
  for (int i = 0; i < 3; ++i) static_cast<void>(enter("203.0.113.1"));

  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed);
  EXPECT_EQ(enter("203.0.113.2"), Admission::kServed) << "the refused one is not counted";
  EXPECT_EQ(evictions_, 0U);
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

  EXPECT_TRUE(present_.front()->count_for(*base::IpAddress::parse("203.0.113.2")));

  EXPECT_EQ(enter("203.0.113.1"), Admission::kServed);
}

TEST_F(Counts, RefuseAConnectionThatMovesToAClientWithItsShare) {
  come_and(Waiting::kHandled, "203.0.113.1");
  come_and(Waiting::kHandled, "203.0.113.1");
  ASSERT_EQ(enter("203.0.113.2"), Admission::kServed);

  EXPECT_FALSE(present_.back()->count_for(*base::IpAddress::parse("203.0.113.1")));

  EXPECT_EQ(present_.back()->admission(), Admission::kRefused);
}

/// Fixture with a limit of four connections. Each test opens them from different client addresses.
class ConnectionSlots : public Counts {
 protected:
  /// Opens four connections in the given states and then one more connection.
  /// \param apart time between two connections.
  /// \return the position (from 0) of the connection that is evicted (closed) to make room for the
  ///   new connection; negative if none is evicted.
  int evicted_of(const std::vector<Waiting>& four, milliseconds apart = milliseconds(10)) {
    for (const Waiting waiting : four) {
      come_and(waiting, "203.0.113." + std::to_string(present_.size()));
      now_ += apart;
    }
    if (enter("198.51.100.1") != Admission::kServed) return -1;
    int position = 0;
    for (const auto& presence : present_) {
      if (presence->admission() == Admission::kEvicted) return position;
      ++position;
    }
    return -2;
  }
  static constexpr auto kIdle = Waiting::kIdle;
  static constexpr auto kSlow = Waiting::kSlow;
  static constexpr auto kSigned = Waiting::kSigned;
  static constexpr auto kHandled = Waiting::kHandled;
};

TEST_F(ConnectionSlots, AreTakenFromTheLongestIdleConnection) {
  EXPECT_EQ(evicted_of({kSlow, kSigned, kIdle, kIdle}), 2);
}
TEST_F(ConnectionSlots, AreTakenFromASlowConnectionIfNoneIsIdle) {
  EXPECT_EQ(evicted_of({kSigned, kHandled, kSlow, kSlow}), 2);
}
TEST_F(ConnectionSlots, AreTakenFromASlowConnectionBeforeABrieflyIdleOne) {
  now_ += milliseconds(1);
  EXPECT_EQ(evicted_of({kSlow, kSlow, kHandled, kIdle}, milliseconds(500)), 0)
      << "who has just connected is about to ask";
}
TEST_F(ConnectionSlots, AreTakenFromASignedSenderLast) {
  EXPECT_EQ(evicted_of({kHandled, kHandled, kSigned, kHandled}), 2);
}
TEST_F(ConnectionSlots, AreNeverTakenFromARequestInProgress) {
  EXPECT_EQ(evicted_of({kHandled, kHandled, kHandled, kHandled}), -1);
}

TEST_F(ConnectionSlots, DependOnWaitingTimeNotOnArrival) {
  const auto first = come_and(kIdle);
  const auto second = come_and(kIdle);
  for (int i = 0; i < 2; ++i) come_and(kHandled);
  now_ += milliseconds(10);
  first->handle();
  first->wait(kIdle);

  EXPECT_EQ(enter(), Admission::kServed);

  EXPECT_EQ(second->admission(), Admission::kEvicted);
  EXPECT_EQ(first->admission(), Admission::kServed);
}

TEST_F(ConnectionSlots, AreTakenFromOneConnectionPerNewConnection) {
  for (int i = 0; i < 4; ++i) come_and(kIdle);

  for (int i = 0; i < 4; ++i) EXPECT_EQ(come_and(kHandled)->admission(), Admission::kServed);

  EXPECT_EQ(evictions_, 4U);
  EXPECT_EQ(enter(), Admission::kRefused) << "all that are left are busy";
  run();
  EXPECT_EQ(ended_, 4) << "each is told, on its own thread";
}

TEST_F(ConnectionSlots, AreRestoredToCompleteRequestsThatWereJustEvicted) {
  const auto lucky = come_and(kIdle);
  for (int i = 0; i < 3; ++i) come_and(kHandled);
  come_and(kIdle);
  ASSERT_EQ(lucky->admission(), Admission::kEvicted);

  lucky->handle();
  run();

  EXPECT_EQ(lucky->admission(), Admission::kServed);
  EXPECT_EQ(ended_, 0) << "the request is answered";
  lucky->wait(kIdle);
  EXPECT_EQ(come_and(kHandled)->admission(), Admission::kServed);
  EXPECT_EQ(evictions_, 3U) << "two make room, since there was one too many";
}

TEST_F(ConnectionSlots, AreCountedRightInAnyOrderOfClosing) {
  for (int round = 0; round < 20; ++round) {
    come_and(round % 3 == 0 ? kSlow : kIdle);
    if (round % 2 == 0) run();
    if (round % 5 == 0) present_.pop_front();
  }
  present_.clear();
  EXPECT_FALSE(share_.busy());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(come_and(kHandled)->admission(), Admission::kServed);
  EXPECT_EQ(enter(), Admission::kRefused);
}

/// Fixture with a limit of a hundred connections in all, and of forty connections for each client
/// address.
class ScarceSlots : public Counts {
 protected:
  ScarceSlots() : Counts(100, 40) {}
};

TEST_F(ScarceSlots, ShrinkTheShareOfAnAddressThatHoldsMany) {
  for (int i = 0; i < 40; ++i) come_and(Waiting::kIdle, "203.0.113.1");
  for (int i = 0; i < 40; ++i) come_and(Waiting::kIdle, "203.0.113.2");
  now_ += milliseconds(2000);
  EXPECT_EQ(evictions_, 0U) << "nobody has waited for long";

  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(enter("203.0.113.2"), Admission::kServed);
    now_ += milliseconds(100);
  }

  EXPECT_EQ(evictions_, 50U) << "each for one of its own";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(enter("198.51.100.1"), Admission::kServed);
  EXPECT_EQ(evictions_, 50U) << "there was room for others";
  EXPECT_EQ(present_.front()->admission(), Admission::kServed)
      << "nobody else made room for the flood";
}

TEST_F(ScarceSlots, AreTakenFromTheAddressThatFloodsFasterThanASenderConnects) {
  for (int i = 0; i < 40; ++i) come_and(Waiting::kSlow, "203.0.113.1");
  const auto sender = come_and(Waiting::kSlow, "198.51.100.1");
  for (int i = 0; i < 40; ++i) come_and(Waiting::kSlow, "203.0.113.2");
  for (int i = 0; i < 19; ++i) come_and(Waiting::kSlow, "203.0.113.3");

  for (int i = 0; i < 200; ++i) EXPECT_EQ(enter("203.0.113.3"), Admission::kServed);

  EXPECT_EQ(sender->admission(), Admission::kServed);
}

TEST_F(ScarceSlots, AllowASignedSenderMany) {
  for (int i = 0; i < 39; ++i) come_and(Waiting::kSigned, "198.51.100.1");
  for (int i = 0; i < 40; ++i) come_and(Waiting::kHandled, "203.0.113.1");
  now_ += milliseconds(2000);

  EXPECT_EQ(come_and(Waiting::kIdle, "198.51.100.1")->admission(), Admission::kServed);

  EXPECT_EQ(evictions_, 0U);
}

}  // namespace
}  // namespace couponhook::server
