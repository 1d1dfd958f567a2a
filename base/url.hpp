#pragma once

/// \file
/// URLs and request targets: read, taken apart, and built.
/// Not with Boost.URL: in Debian 12 it has no package of its own before Boost 1.83, and it would be
/// the only part of Boost that must be installed where couponhook runs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::base {

/// A target without its query, as it was sent.
[[nodiscard]] inline std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// Path segments and query parameters, percent-decoded.
struct RequestTarget {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// \return nothing where the target is not in origin form ("/path?query").
[[nodiscard]] std::optional<RequestTarget> parse_request_target(std::string_view target);

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

/// Reads an absolute http or https URL strictly: its host and port are what every reader sees in it.
/// \return nothing for anything else.
[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

/// ASCII letters in lower case: how schemes, host names and hexadecimal digits are compared.
[[nodiscard]] std::string lower_case(std::string_view text);

/// A path with its query, built piece by piece.
class TargetBuilder {
 public:
  explicit TargetBuilder(std::string_view path) : text_(path) {}

  /// Appends "/segment", encoded.
  TargetBuilder& segment(std::string_view value);
  /// Appends "name=value", the value encoded; nothing where it is empty.
  TargetBuilder& query(std::string_view name, std::string_view value);
  TargetBuilder& query(std::string_view name, std::int64_t value);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// The parts of an absolute URL as they stand in it; views into what was taken apart.
struct UrlParts {
  std::string_view scheme;
  std::string_view user_info;  ///< without '@'
  std::string_view host;       ///< an IPv6 address without its brackets
  std::string_view port;       ///< empty where none is written
  std::string_view path;       ///< from the first '/'
  std::string_view query;      ///< without '?'
  bool has_user_info = false;
  bool has_query = false;
  bool has_fragment = false;
};

/// \return nothing where `url` is not scheme://host….
[[nodiscard]] std::optional<UrlParts> split_url(std::string_view url);

}  // namespace couponhook::base
