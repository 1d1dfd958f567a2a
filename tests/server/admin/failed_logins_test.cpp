// Tests of the delays of requests with a wrong token: they grow for one client address up to a
// limit, do not concern other addresses, and never hold more replies than the limit.

#include "server/admin/failed_logins.hpp"

#include <string>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

class FailedLoginsTest : public ::testing::Test {
 protected:
  /// Returns the delay of one failure whose reply is then made.
  milliseconds fail(std::string_view peer) {
    const auto delay = logins_.begin(peer, now_);
    EXPECT_TRUE(delay);
    logins_.end();
    return delay.value_or(milliseconds(-1));
  }

  FailedLogins logins_;
  SteadyClock::time_point now_{std::chrono::hours(1)};
};

TEST_F(FailedLoginsTest, DelayOneAddressEverLongerUpToTwoSeconds) {
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(125));
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(250));
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(500));
  for (int i = 0; i < 100; ++i) fail("192.0.2.1");
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(2000));
  EXPECT_EQ(fail("192.0.2.2"), milliseconds(125));
  EXPECT_EQ(logins_.total(), 105U);
}

TEST_F(FailedLoginsTest, CountANetworkOfIpv6AsOneAddress) {
  EXPECT_EQ(fail("2001:db8::1"), milliseconds(125));
  EXPECT_EQ(fail("2001:db8::2"), milliseconds(250));
  EXPECT_EQ(fail("2001:db8:0:1::1"), milliseconds(125));
}

TEST_F(FailedLoginsTest, ForgetAnAddressAfterAQuietTime) {
  fail("192.0.2.1");
  fail("192.0.2.1");
  now_ += FailedLogins::kMemory + std::chrono::seconds(1);
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(125));
}

TEST_F(FailedLoginsTest, RefuseAtOnceWhenTooManyRepliesAreDelayed) {
  for (std::size_t i = 0; i < FailedLogins::kDelayedMax; ++i) {
    EXPECT_TRUE(logins_.begin("192.0.2." + std::to_string(i), now_));
  }
  EXPECT_FALSE(logins_.begin("192.0.2.99", now_));
  EXPECT_EQ(logins_.total(), FailedLogins::kDelayedMax + 1);
  logins_.end();
  EXPECT_TRUE(logins_.begin("192.0.2.99", now_));
}

TEST_F(FailedLoginsTest, RememberAFixedNumberOfAddresses) {
  fail("192.0.2.1");
  for (std::size_t i = 0; i < FailedLogins::kAddressesMax; ++i) {
    now_ += milliseconds(1);
    fail("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
  }
  EXPECT_EQ(fail("192.0.2.1"), milliseconds(125));
  EXPECT_EQ(fail("10.0.0.255"), milliseconds(250));
}

}  // namespace
}  // namespace couponhook::server
