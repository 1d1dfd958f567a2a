// Tests of IP addresses and networks: all notations of an address give the same address, and a
// network contains exactly the addresses in its range. The tests use IPv4 addresses, IPv6 addresses
// in the notations of RFC 5952, and IPv4 addresses mapped into IPv6.

#include "base/ip_address.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

base::IpAddress address(std::string_view text) {
  return base::IpAddress::parse(text).value();
}

bool holds(std::string_view network, std::string_view member) {
  return base::IpNetwork::parse(network).value().contains(address(member));
}

TEST(IpAddress, TakesAnIpv4AddressAndItsMappedFormForOne) {
  EXPECT_EQ(address("203.0.113.7"), address("::ffff:203.0.113.7"));
  EXPECT_EQ(address("::ffff:203.0.113.7").text(), "203.0.113.7");
}

TEST(IpAddress, WritesIpv6InItsShortForm) {
  EXPECT_EQ(address("2001:DB8:0:0:0:0:0:7").text(), "2001:db8::7");
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, " 10.0.0.1"sv, "10.0.0"sv, "10.0.0.256"sv, "10.0.0.1:80"sv, "[::1]"sv, "::1%lo"sv,
        "localhost"sv, "10.0.0.1\0"sv,
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111"sv}) {
    EXPECT_FALSE(base::IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, CutsAPrefixWithinAByte) {
  EXPECT_EQ(address("2001:db8:ffff::1").prefix(35), address("2001:db8:e000::"));
  EXPECT_EQ(address("2001:db8::1").prefix(128), address("2001:db8::1"));
  EXPECT_EQ(address("2001:db8::1").prefix(0), address("::"));
}

TEST(IpAddress, IsLoopbackInEveryFormAndWithAZone) {
  for (const std::string_view text :
       {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::1%lo", "::1%1"}) {
    EXPECT_TRUE(base::is_loopback(text)) << text;
  }
  for (const std::string_view text : {"128.0.0.1", "126.255.255.255", "::2", "::", "fe80::1%lo",
                                      "localhost", "127.0.0.1.example", "127.1", ""}) {
    EXPECT_FALSE(base::is_loopback(text)) << text;
  }
}

TEST(IpNetwork, HoldsItsFirstAndLastAddressAndNotTheNextOne) {
  EXPECT_TRUE(holds("10.20.0.0/14", "10.20.0.0"));
  EXPECT_TRUE(holds("10.20.0.0/14", "10.23.255.255"));
  EXPECT_FALSE(holds("10.20.0.0/14", "10.24.0.0"));
  EXPECT_FALSE(holds("10.20.0.0/14", "10.19.255.255"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::"));
}

TEST(IpNetwork, IsOneAddressWithoutALength) {
  EXPECT_TRUE(holds("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_FALSE(holds("192.0.2.1", "192.0.2.2"));
}

TEST(IpNetwork, OfAllIpv4HoldsNoIpv6) {
  EXPECT_TRUE(holds("0.0.0.0/0", "198.51.100.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
}

TEST(IpNetwork, RefusesALengthThatIsNone) {
  for (const std::string_view text :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "::/129", "/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(base::IpNetwork::parse(text)) << text;
  }
}

}  // namespace
}  // namespace couponhook::server
