// Checks that outgoing HTTP calls cannot reach forbidden IP addresses, however the address is
// written. The tests try addresses of each kind in every notation.

#include "server/net/address_guard.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

bool allows(const AddressGuard& guard, const char* address) {
  return guard.allows(boost::asio::ip::make_address(address));
}

constexpr AddressGuard kDefault{};
constexpr AddressGuard kPublicOnly{.allow_private = false, .allow_metadata = false};
constexpr AddressGuard kEverything{.allow_private = true, .allow_metadata = true};

constexpr auto kPrivate = {
    "127.0.0.1", "10.1.2.3",     "172.31.255.255",  "192.168.0.1",    "100.64.0.1", "0.0.0.0",
    "::1",       "fd12:3456::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "::"};
constexpr auto kMetadata = {"169.254.169.254",   "169.254.0.23",  "100.100.100.200",
                            "fe80::1",           "fd00:ec2::254", "::ffff:169.254.169.254",
                            "64:ff9b::a9fe:a9fe"};

TEST(AddressGuard, AllowsPublicAddresses) {
  for (const char* address : {"93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800::1"}) {
    EXPECT_TRUE(allows(kPublicOnly, address)) << address;
  }
}

TEST(AddressGuard, AllowsPrivateAddressesUnlessForbidden) {
  for (const char* address : kPrivate) {
    EXPECT_TRUE(allows(kDefault, address)) << address;
    EXPECT_FALSE(allows(kPublicOnly, address)) << address;
  }
}

TEST(AddressGuard, RejectsMetadataAddressesUnlessAllowed) {
  for (const char* address : kMetadata) {
    EXPECT_FALSE(allows(kDefault, address)) << address;
    EXPECT_TRUE(allows(kEverything, address)) << address;
  }
}

TEST(AddressGuard, RefusesAddressesOfManyHosts) {
  for (const char* address : {"224.0.0.1", "255.255.255.255", "ff02::1"}) {
    EXPECT_FALSE(allows(kEverything, address)) << address;
  }
}

}  // namespace
}  // namespace couponhook::server
