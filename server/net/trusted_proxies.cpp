#include "server/net/trusted_proxies.hpp"

#include <algorithm>
#include <ranges>

namespace couponhook::server {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Parses one entry of X-Forwarded-For. Some proxies add the port, as in 203.0.113.7:4711 or
/// [2001:db8::7]:4711.
/// \return nothing if the entry is no IP address.
std::optional<base::IpAddress> parse_hop(std::string_view text) {
  text = trim(text);
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
                                              std::span<const std::string_view> lines) const {
  base::IpAddress client = hop;
  for (std::string_view line : std::views::reverse(lines)) {
    while (!line.empty()) {
      const std::size_t comma = line.rfind(',');
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const auto earlier = parse_hop(line.substr(begin));
      if (!earlier) return client;
      client = *earlier;
      if (!contains(client)) return client;
      line = line.substr(0, begin == 0 ? 0 : comma);
    }
  }
  return client;
}

}  // namespace couponhook::server
