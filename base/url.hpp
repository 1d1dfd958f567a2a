#pragma once

/// \file
/// Parses and builds URLs and request targets (a request target is the path and query of a URL).
///
/// Boost.URL has the same functions. But since Boost 1.83, Boost.URL is available only as a shared
/// library, and would be the only part of Boost that must be installed at run time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::base {

/// Returns the path of a request target (path and query of a URL). The path is still
/// percent-encoded.
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

/// An absolute http or https URL, split into its parts.
struct Url {
  bool tls = true;
  /// Host name or IP address in the URL; an IPv6 address is without its brackets.
  std::string host;
  std::string port;
  std::string target;  ///< path and query of the URL; at least "/"
  /// Returns the value of the Host header for this URL.
  [[nodiscard]] std::string authority() const;
  /// Returns true if the URL leads to this machine itself: its host is "localhost" or a loopback
  /// address.
  [[nodiscard]] bool is_loopback() const;
};

/// Parses an absolute http or https URL strictly, so that no other parser can find a different host
/// in the same URL.
/// \return the URL; nothing if the text is not an http or https URL, or if it contains a user name
///   or password.
[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

/// Builds a request target: a path and its query. Values are percent-encoded exactly once, here,
/// because the encoded target is signed.
class TargetBuilder {
 public:
  explicit TargetBuilder(std::string_view path) : text_(path) {}

  /// Appends "/" and the percent-encoded value to the path of the request target.
  TargetBuilder& segment(std::string_view value);
  /// Appends "name=value" to the query of the request target, with the value percent-encoded.
  /// Appends nothing if the value is empty.
  TargetBuilder& query(std::string_view name, std::string_view value);
  TargetBuilder& query(std::string_view name, std::int64_t value);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// The parts of an absolute URL, not percent-decoded. Each part points into the text of the URL, so
/// that text must live longer.
struct UrlParts {
  std::string_view scheme;
  std::string_view user_info;  ///< user name and password in a URL, without the '@' after them
  /// Host name or IP address in a URL; an IPv6 address is without its brackets.
  std::string_view host;
  std::string_view port;   ///< port number in a URL, as text; empty if the URL has no port
  std::string_view path;   ///< path of the URL, from the first '/' on; may be empty
  std::string_view query;  ///< query of the URL, without the '?' before it
  bool has_user_info = false;
  bool has_query = false;
  bool has_fragment = false;
};

/// Splits a URL of any scheme, without checking its parts. Used in error messages about URLs.
/// \return the parts of the URL; nothing if `url` does not have the form scheme://host….
[[nodiscard]] std::optional<UrlParts> split_url(std::string_view url);

}  // namespace couponhook::base
