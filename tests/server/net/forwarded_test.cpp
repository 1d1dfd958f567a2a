// Checks which header of a request names its client, in the forms that proxies write. The requests
// pass through the request parser, as real ones do.

#include "server/net/forwarded.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using Addresses = std::vector<std::string>;

/// Returns the addresses that a request with these header lines names.
Addresses addresses(const std::string& lines) {
  RequestParts parts;
  RequestParser parser(parts, {.head_bytes = 4096, .body_bytes = 0});
  parser.put("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
  EXPECT_TRUE(parser.is_done()) << lines;
  const auto found = forwarded_addresses(parts);
  return {found.begin(), found.end()};
}

TEST(ForwardedAddresses, AreNoneWithoutAHeader) {
  EXPECT_EQ(addresses(""), Addresses());
}

TEST(ForwardedAddresses, KeepTheOrderOfXForwardedFor) {
  EXPECT_EQ(addresses("X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nx-forwarded-for: 192.0.2.3\r\n"),
            (Addresses{"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
}

TEST(ForwardedAddresses, KeepAnEmptyEntry) {
  EXPECT_EQ(addresses("X-Forwarded-For: 192.0.2.1,\r\n"), (Addresses{"192.0.2.1", ""}));
  EXPECT_EQ(addresses("X-Forwarded-For:\r\n"), Addresses{""});
}

// The examples of RFC 7239, section 4.
TEST(ForwardedAddresses, AreReadFromForwarded) {
  EXPECT_EQ(addresses("Forwarded: for=\"_gazonk\"\r\n"), Addresses{"_gazonk"});
  EXPECT_EQ(addresses("Forwarded: For=\"[2001:db8:cafe::17]:4711\"\r\n"),
            Addresses{"[2001:db8:cafe::17]:4711"});
  EXPECT_EQ(addresses("Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43\r\n"),
            Addresses{"192.0.2.60"});
  EXPECT_EQ(addresses("Forwarded: for=192.0.2.43, for=198.51.100.17\r\n"),
            (Addresses{"192.0.2.43", "198.51.100.17"}));
}

TEST(ForwardedAddresses, KeepAnElementOfForwardedWithoutFor) {
  EXPECT_EQ(addresses("Forwarded: for=192.0.2.43, proto=https\r\n"), (Addresses{"192.0.2.43", ""}));
}

TEST(ForwardedAddresses, AreNotHiddenByAQuoteWithoutItsEnd) {
  EXPECT_EQ(addresses("Forwarded: for=\"x, for=192.0.2.43\r\n").back(), "192.0.2.43");
  EXPECT_EQ(addresses("X-Forwarded-For: \"x, 192.0.2.43\r\n").back(), "192.0.2.43");
}

TEST(ForwardedAddresses, AreReadFromXRealIp) {
  EXPECT_EQ(addresses("X-Real-IP: 192.0.2.7\r\n"), Addresses{"192.0.2.7"});
}

TEST(ForwardedAddresses, ComeFromOneKindOfHeader) {
  const std::string real_ip = "X-Real-IP: 192.0.2.1\r\n";
  const std::string forwarded = "Forwarded: for=192.0.2.2\r\n";
  EXPECT_EQ(addresses(real_ip + forwarded), Addresses{"192.0.2.2"});
  EXPECT_EQ(addresses(real_ip + forwarded + "X-Forwarded-For: 192.0.2.3\r\n"),
            Addresses{"192.0.2.3"});
}

}  // namespace
}  // namespace couponhook::server
