#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/ascii.hpp"
#include "base/url.hpp"
#include "wechatpay/callbacks.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kField = "notify_url";

using Ipv4 = std::array<unsigned, 4>;

std::optional<Ipv4> parse_ipv4(std::string_view host) {
  Ipv4 octets{};
  const char* at = host.data();
  const char* const end = at + host.size();
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (i > 0) {
      if (at == end || *at != '.') return {};
      ++at;
    }
    const auto [next, error] = std::from_chars(at, end, octets[i]);
    if (error != std::errc{} || octets[i] > 255) return {};
    at = next;
  }
  if (at != end) return {};
  return octets;
}

/// Returns true for IPv4 addresses that nobody can reach from the internet: private (RFC 1918),
/// shared (RFC 6598), loopback and link-local addresses.
bool is_private(const Ipv4& ip) {
  return ip[0] == 10 || ip[0] == 127 || ip[0] == 0 || (ip[0] == 192 && ip[1] == 168) ||
         (ip[0] == 172 && ip[1] >= 16 && ip[1] <= 31) ||
         (ip[0] == 100 && ip[1] >= 64 && ip[1] <= 127) || (ip[0] == 169 && ip[1] == 254);
}

bool is_private_ipv6(std::string_view host) {
  const auto starts_with = [&](std::string_view prefix) { return host.starts_with(prefix); };
  return host == "::1" || host == "::" || starts_with("fe8") || starts_with("fe9") ||
         starts_with("fea") || starts_with("feb") || starts_with("fc") || starts_with("fd");
}

void check_host(Rules& rules, std::string_view written) {
  const std::string host = base::lower_case(written);
  if (host.find(':') != std::string::npos) {
    rules.check(!is_private_ipv6(host), kField, "must not name a private or loopback address");
    return;
  }
  if (const auto ip = parse_ipv4(host)) {
    rules.check(!is_private(*ip), kField, "must not name a private or loopback address");
    return;
  }
  const bool local = host == "localhost" || host.ends_with(".localhost") ||
                     host.ends_with(".local") || host.ends_with(".internal");
  rules.check(!local && host.find('.') != std::string::npos, kField,
              "must name a host that the internet's DNS knows, such as pay.example.com");
}

}  // namespace

std::vector<RuleViolation> callback_url_violations(std::string_view url, CouponProduct product) {
  constexpr std::size_t kBytesMax = 256;
  const std::size_t bytes_min = product == CouponProduct::kFavor ? 1 : 10;
  Rules rules;
  rules.check(url.size() >= bytes_min && url.size() <= kBytesMax, kField,
              "must have " + std::to_string(bytes_min) + " to 256 characters");
  const bool plain =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7F; });
  rules.check(plain, kField, "must not hold white space or characters beyond ASCII");

  const auto parts = base::split_url(url);
  rules.check(parts.has_value(), kField, "must be a whole URL: https://host/path");
  if (!parts) return std::move(rules).take();
  rules.check(base::lower_case(parts->scheme) == "https", kField, "must begin with https://");
  rules.check(
      !parts->has_query, kField,
      "must not have a query string: WeChat Pay forbids parameters, put them into the path");
  rules.check(!parts->has_fragment, kField, "must not have a fragment (#…)");
  rules.check(!parts->has_user_info, kField, "must not hold a user name or password");
  unsigned port = 0;
  const char* const end = parts->port.data() + parts->port.size();
  const auto [stop, error] = std::from_chars(parts->port.data(), end, port);
  const bool port_fits = error == std::errc{} && stop == end && port >= 1 && port <= 65535;
  rules.check(parts->port.empty() || port_fits, kField, "has a port outside 1 to 65535");
  check_host(rules, parts->host);
  return std::move(rules).take();
}

}  // namespace couponhook::wechatpay
