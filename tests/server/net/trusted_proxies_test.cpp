// Checks that only the part of X-Forwarded-For that trusted proxies wrote is used. The tests use
// headers of different proxies, with forged addresses at the start.

#include "server/net/trusted_proxies.hpp"

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

/// Returns the client's address that the class TrustedProxies finds for a request from the proxy
/// 10.0.0.1; the networks 10.0.0.0/8 and fd00::/8 are trusted.
/// \param lines the values of the X-Forwarded-For headers.
std::string client(std::initializer_list<std::string_view> lines) {
  const TrustedProxies trusted(
      {*base::IpNetwork::parse("10.0.0.0/8"), *base::IpNetwork::parse("fd00::/8")});
  const std::vector<std::string_view> values(lines);
  return trusted.client_behind(*base::IpAddress::parse("10.0.0.1"), values).text();
}

TEST(TrustedProxies, TrustsNoProxyByDefault) {
  EXPECT_FALSE(TrustedProxies().contains(*base::IpAddress::parse("127.0.0.1")));
}

TEST(TrustedProxies, TakesTheProxyItselfWithoutTheHeader) {
  EXPECT_EQ(client({}), "10.0.0.1");
}

TEST(TrustedProxies, TakesTheAddressThatTheProxyAppended) {
  EXPECT_EQ(client({"203.0.113.7"}), "203.0.113.7");
}

TEST(TrustedProxies, IgnoresAddressesBeforeTheFirstUntrustedProxy) {
  EXPECT_EQ(client({"192.0.2.66, 203.0.113.7"}), "203.0.113.7");
  EXPECT_EQ(client({"10.9.9.9, 203.0.113.7, 10.0.0.2"}), "203.0.113.7");
}

TEST(TrustedProxies, ReadsTheLastLineFirst) {
  EXPECT_EQ(client({"192.0.2.66", "203.0.113.7"}), "203.0.113.7");
  EXPECT_EQ(client({"203.0.113.7", "10.0.0.2, 10.0.0.3"}), "203.0.113.7");
}

TEST(TrustedProxies, TakesTheFarthestProxyWhereAllAreTrusted) {
  EXPECT_EQ(client({"10.0.0.3, fd00::2"}), "10.0.0.3");
}

TEST(TrustedProxies, StopsAtWhatIsNoAddress) {
  EXPECT_EQ(client({"203.0.113.7, unknown, 10.0.0.2"}), "10.0.0.2");
  EXPECT_EQ(client({"203.0.113.7,"}), "10.0.0.1");
  EXPECT_EQ(client({"["}), "10.0.0.1");
  EXPECT_EQ(client({""}), "10.0.0.1");
}

TEST(TrustedProxies, TakesAPortOff) {
  EXPECT_EQ(client({"203.0.113.7:4711"}), "203.0.113.7");
  EXPECT_EQ(client({"[2001:db8::7]:4711"}), "2001:db8::7");
  EXPECT_EQ(client({" 2001:db8::7 \t"}), "2001:db8::7");
}

}  // namespace
}  // namespace couponhook::server
