#pragma once

/// \file
/// Parses request targets and URLs, and percent-encodes text.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::server {

/// Returns the target without its query, still percent-encoded.
[[nodiscard]] inline std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// Path segments and query parameters of a request target, percent-decoded.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// \return nothing if the target does not have the form "/path?query" or has a malformed percent
///   code.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

/// Encodes a text as one path segment or query value: all characters but unreserved ones (RFC 3986)
/// are percent-encoded.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// An absolute http or https URL.
struct Url {
  bool tls = true;
  std::string host;  ///< a name or an IP address; IPv6 without brackets
  std::string port;
  std::string target;  ///< path and query; at least "/"
  /// Value of the Host header for this URL.
  [[nodiscard]] std::string authority() const;
  /// Returns true if the URL always leads to this machine.
  [[nodiscard]] bool is_loopback() const;
};

/// \return nothing if the text is not an http or https URL, or if it contains user information.
[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

}  // namespace couponhook::server
