#include "base/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/ip_address.hpp"
#include "base/percent_encoding.hpp"

namespace couponhook::base {
namespace {

/// Removes the part of `text` before the first `separator`, and the separator too.
/// \return the removed part; the whole text if it contains no separator.
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

/// Parses the host and port of a URL: "name", "name:port", "[address]" or "[address]:port".
/// \return false if the text has none of these forms.
bool read_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    // Accept only a valid IPv6 address in the brackets of a URL. For any other text in brackets,
    // two URL parsers might find two different hosts.
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

/// Splits a text at the first character `mark`: `rest` keeps the part before the mark.
/// \return the part after the mark; nothing if the text does not contain the mark.
std::optional<std::string_view> cut_after(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view tail = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return tail;
}

}  // namespace

std::optional<std::string_view> RequestTarget::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

std::optional<RequestTarget> parse_request_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  std::string_view query = target;
  std::string_view path = take_until(query, '?');
  RequestTarget result;
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

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

bool Url::is_loopback() const {
  if (host == "localhost") return true;
  const auto address = IpAddress::parse(host);
  return address && address->is_loopback();
}

std::optional<Url> parse_url(std::string_view text) {
  // Refuse control characters in a URL. A line end in a URL would let the author of the URL add
  // headers to the HTTP request.
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

TargetBuilder& TargetBuilder::segment(std::string_view value) {
  text_.append("/").append(percent_encode(value));
  return *this;
}

TargetBuilder& TargetBuilder::query(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_.append(name).append("=").append(percent_encode(value));
  return *this;
}

TargetBuilder& TargetBuilder::query(std::string_view name, std::int64_t value) {
  return query(name, std::string_view(std::to_string(value)));
}

std::optional<UrlParts> split_url(std::string_view url) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  if (mark == 0 || mark == std::string_view::npos) return {};

  UrlParts parts;
  parts.scheme = url.substr(0, mark);
  std::string_view rest = url.substr(mark + kMark.size());
  parts.has_fragment = cut_after(rest, '#').has_value();
  const auto query = cut_after(rest, '?');
  parts.has_query = query.has_value();
  parts.query = query.value_or(std::string_view());

  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parts.has_user_info = true;
    parts.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    parts.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return {};
    if (!authority.empty()) parts.port = authority.substr(1);
  } else {
    parts.port = cut_after(authority, ':').value_or(std::string_view());
    parts.host = authority;
  }
  if (parts.host.empty()) return {};
  return parts;
}

}  // namespace couponhook::base
