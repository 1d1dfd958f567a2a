#include "server/net/target.hpp"

#include <algorithm>
#include <charconv>

#include "server/net/ip_address.hpp"

namespace couponhook::server {
namespace {

// Boost.URL could parse URLs and request targets too. But since Boost 1.83 it is available only as
// a shared library, and it would be the only part of Boost that is needed at run time.

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// \return nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned byte = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (ec != std::errc() || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

/// Removes and returns the text before the separator, or all of it if there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

bool is_connectable_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return ec == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// Parses "name", "name:port", "[address]" and "[address]:port" into host and port.
bool read_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    // Only a valid IPv6 address is accepted in brackets. Two parsers might read any other text as
    // two different hosts.
    const bool is_v6 = url.host.find(':') != std::string::npos && IpAddress::parse(url.host);
    if (!is_v6) return false;
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return false;
    if (!port.empty()) port.remove_prefix(1);
  } else {
    url.host = take_until(authority, ':');
    port = authority;
    const auto is_host_character = [](char c) { return is_unreserved(c); };
    if (!std::ranges::all_of(url.host, is_host_character)) return false;
  }
  if (!port.empty()) url.port = port;
  return !url.host.empty() && is_connectable_port(url.port);
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  std::string_view query = target;
  std::string_view path = take_until(query, '?');
  Target result;
  path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = percent_decode(take_until(path, '/'));
    if (!segment) return std::nullopt;
    result.segments.push_back(std::move(*segment));
  }
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view key = take_until(value, '=');
    auto decoded_key = percent_decode(key);
    auto decoded_value = percent_decode(value);
    if (!decoded_key || !decoded_value) return std::nullopt;
    result.parameters.emplace_back(std::move(*decoded_key), std::move(*decoded_value));
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

bool Url::is_loopback() const {
  if (host == "localhost") return true;
  const auto address = IpAddress::parse(host);
  return address && (IpNetwork::parse("127.0.0.0/8")->contains(*address) ||
                     IpNetwork::parse("::1")->contains(*address));
}

std::optional<Url> parse_url(std::string_view text) {
  // A line end in a URL would let its author add headers to the request.
  const auto is_control_or_blank = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  if (std::ranges::any_of(text, is_control_or_blank)) return std::nullopt;
  Url url;
  if (text.starts_with("https://")) {
    url.port = "443";
  } else if (text.starts_with("http://")) {
    url.tls = false;
    url.port = "80";
  } else {
    return std::nullopt;
  }
  text.remove_prefix(text.find("://") + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  if (!read_authority(text.substr(0, path), url)) return std::nullopt;
  url.target = text.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace couponhook::server
