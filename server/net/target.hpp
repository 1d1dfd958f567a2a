#pragma once

/// \file
/// A request target taken apart.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::server {

/// A target without its query, as it was sent.
[[nodiscard]] inline std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// Path segments and query parameters, percent-decoded.
struct Target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// \return nothing where the target is not in origin form ("/path?query").
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

/// A text as one path segment or query value, everything else than unreserved characters encoded.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// An absolute http or https URL.
struct Url {
  bool tls = true;
  std::string host;  ///< a name or an address, IPv6 without brackets
  std::string port;
  std::string target;  ///< path and query, at least "/"
  /// The Host header's value.
  [[nodiscard]] std::string authority() const;
  /// Whether it leads to this machine, whatever the network.
  [[nodiscard]] bool is_loopback() const;
};

[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

}  // namespace couponhook::server
