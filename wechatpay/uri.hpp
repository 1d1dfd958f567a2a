#pragma once

/// \file
/// Builds and parses URLs. Values are percent-encoded exactly once, here, because the encoded URL
/// is signed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace couponhook::wechatpay {

/// Percent-encodes all bytes except RFC 3986's unreserved characters. The result is valid both as a
/// path segment and as a query value.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Converts ASCII letters to lower case, to compare schemes, host names and hexadecimal digits.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Builds a request target: a path and its query.
class Target {
 public:
  explicit Target(std::string_view path) : text_(path) {}

  /// Appends "/" and the encoded value.
  Target& segment(std::string_view value);
  /// Appends "name=value" to the query with the value encoded. Appends nothing if the value is
  /// empty.
  Target& query(std::string_view name, std::string_view value);
  Target& query(std::string_view name, std::int64_t value);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// The parts of an absolute URL, not decoded; views into the parsed URL.
struct UrlParts {
  std::string_view scheme;
  std::string_view user_info;  ///< user name and password, without '@'
  std::string_view host;       ///< an IPv6 address is without its brackets
  std::string_view port;       ///< empty if the URL has no port
  std::string_view path;       ///< the path, from the first '/' on; may be empty
  std::string_view query;      ///< the query, without '?'
  bool has_user_info = false;
  bool has_query = false;
  bool has_fragment = false;
};

/// \return nothing if `url` does not have the form scheme://host….
[[nodiscard]] std::optional<UrlParts> split_url(std::string_view url);

}  // namespace couponhook::wechatpay
