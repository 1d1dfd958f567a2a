#pragma once

/// \file
/// Parses and builds URLs and request targets (path and query of a URL).
///
/// Boost.URL could do this too. But since Boost 1.83 it is available only as a shared library, and
/// it would be the only part of Boost that is needed at run time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::base {

/// Returns the path of a request target, without the query and still percent-encoded.
[[nodiscard]] inline std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// Path segments and query parameters of a request target (such as "/a/b?c=d"), percent-decoded.
struct RequestTarget {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Parses a request target.
/// \return its segments and parameters; nothing if the target does not have the form "/path?query"
///   or has a malformed percent code.
[[nodiscard]] std::optional<RequestTarget> parse_request_target(std::string_view target);

/// An absolute http or https URL.
struct Url {
  bool tls = true;
  std::string host;  ///< host name or IP address; IPv6 without brackets
  std::string port;
  std::string target;  ///< path and query of the URL; at least "/"
  /// Returns the value of the Host header for this URL.
  [[nodiscard]] std::string authority() const;
  /// Returns true if the URL always leads to this machine.
  [[nodiscard]] bool is_loopback() const;
};

/// Parses an absolute http or https URL strictly, so that no two parsers can find different hosts
/// in it.
/// \return the URL; nothing if the text is not an http or https URL, or if it contains a user name
///   or password.
[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

/// Builds a request target: a path and its query. Values are percent-encoded exactly once, here,
/// because the encoded target is signed.
class TargetBuilder {
 public:
  explicit TargetBuilder(std::string_view path) : text_(path) {}

  /// Appends "/" and the percent-encoded value to the path.
  TargetBuilder& segment(std::string_view value);
  /// Appends "name=value" to the query, with the value percent-encoded. Appends nothing if the
  /// value is empty.
  TargetBuilder& query(std::string_view name, std::string_view value);
  TargetBuilder& query(std::string_view name, std::int64_t value);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// The parts of an absolute URL, not decoded. They are views into the text of the URL.
struct UrlParts {
  std::string_view scheme;
  std::string_view user_info;  ///< user name and password, without '@'
  std::string_view host;       ///< host name or IP address; an IPv6 address is without its brackets
  std::string_view port;       ///< port number as text; empty if the URL has no port
  std::string_view path;       ///< path of the URL, from the first '/' on; may be empty
  std::string_view query;      ///< query of the URL, without '?'
  bool has_user_info = false;
  bool has_query = false;
  bool has_fragment = false;
};

/// Splits a URL of any scheme leniently, for error messages about its parts.
/// \return the parts; nothing if `url` does not have the form scheme://host….
[[nodiscard]] std::optional<UrlParts> split_url(std::string_view url);

}  // namespace couponhook::base
