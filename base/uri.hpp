#pragma once

/// \file
/// URLs: what is put into them is encoded once, here, because they are signed as they stand.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace couponhook::wechatpay {

/// Percent-encodes everything but RFC 3986's unreserved characters, so that it is fit for a path
/// segment and for a query value alike.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// ASCII letters in lower case: how schemes, host names and hexadecimal digits are compared.
[[nodiscard]] std::string lower_case(std::string_view text);

/// A path with its query, built piece by piece.
class Target {
 public:
  explicit Target(std::string_view path) : text_(path) {}

  /// Appends "/segment", encoded.
  Target& segment(std::string_view value);
  /// Appends "name=value", the value encoded; nothing where it is empty.
  Target& query(std::string_view name, std::string_view value);
  Target& query(std::string_view name, std::int64_t value);

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

}  // namespace couponhook::wechatpay
