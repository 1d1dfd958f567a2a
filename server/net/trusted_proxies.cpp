#include "server/net/trusted_proxies.hpp"

#include <algorithm>
#include <ranges>

namespace couponhook::server {
namespace {

/// Parses an address that a proxy named. Some proxies add the port, as in 203.0.113.7:4711 or
/// [2001:db8::7]:4711.
/// \return nothing if the entry is no IP address.
std::optional<base::IpAddress> parse_hop(std::string_view text) {
  if (text.starts_with('[')) return base::IpAddress::parse(text.substr(1, text.find(']') - 1));
  if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
  return base::IpAddress::parse(text);
}

}  // namespace

bool TrustedProxies::contains(const base::IpAddress& address) const {
  return std::ranges::any_of(
      networks_, [&](const base::IpNetwork& network) { return network.contains(address); });
}

base::IpAddress TrustedProxies::client_behind(const base::IpAddress& hop,
                                              std::span<const std::string_view> addresses) const {
  base::IpAddress client = hop;
  for (const std::string_view address : std::views::reverse(addresses)) {
    const auto earlier = parse_hop(address);
    if (!earlier) return client;
    client = *earlier;
    if (!contains(client)) return client;
  }
  return client;
}

}  // namespace couponhook::server
