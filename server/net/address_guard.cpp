#include "server/net/address_guard.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "base/ip_address.hpp"

namespace couponhook::server {
namespace {

using Networks = std::vector<base::IpNetwork>;

Networks parse_all(std::initializer_list<std::string_view> texts) {
  Networks networks;
  for (const std::string_view text : texts)
    networks.push_back(base::IpNetwork::parse(text).value());
  return networks;
}

bool lies_in(const base::IpAddress& address, const Networks& networks) {
  return std::ranges::any_of(networks, [&](const auto& one) { return one.contains(address); });
}

base::IpAddress address_of(const boost::asio::ip::address& address) {
  if (address.is_v4()) {
    return base::IpAddress(std::span<const unsigned char, 4>(address.to_v4().to_bytes()));
  }
  return base::IpAddress(address.to_v6().to_bytes());
}

/// Returns the IPv4 address inside a NAT64 address: prefix 64:ff9b::/96, then the four bytes of the
/// IPv4 address (RFC 6052). Other addresses are returned unchanged.
base::IpAddress without_nat64(const base::IpAddress& address,
                              const boost::asio::ip::address& host) {
  static const base::IpNetwork kNat64 = base::IpNetwork::parse("64:ff9b::/96").value();
  if (!host.is_v6() || !kNat64.contains(address)) return address;
  const auto bytes = host.to_v6().to_bytes();
  return base::IpAddress(std::span(bytes).last<4>());
}

}  // namespace

bool AddressGuard::allows(const boost::asio::ip::address& host) const {
  static const Networks kNobody = parse_all({"224.0.0.0/4", "ff00::/8", "255.255.255.255/32"});
  // The metadata service of most clouds (a service that gives credentials to the programs of a
  // machine) has a link-local address. The metadata service of Alibaba Cloud has an address of the
  // shared range 100.64.0.0/10. AWS and Google Cloud offer their metadata services on IPv6 too.
  static const Networks kMetadata = parse_all({"169.254.0.0/16", "fe80::/10", "100.100.100.200/32",
                                               "fd00:ec2::254/128", "fd20:ce::254/128"});
  static const Networks kPrivate = parse_all(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24",
       "192.168.0.0/16", "198.18.0.0/15", "::/128", "::1/128", "fc00::/7", "64:ff9b:1::/48"});
  const base::IpAddress address = without_nat64(address_of(host), host);
  if (lies_in(address, kNobody)) return false;
  if (lies_in(address, kMetadata)) return allow_metadata;
  return allow_private || !lies_in(address, kPrivate);
}

}  // namespace couponhook::server
