#pragma once

/// \file
/// What the answers of the admin listener have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/net/http_message.hpp"
#include "base/url.hpp"
#include "storage/failure.hpp"

namespace couponhook::server {

/// Entries of a page.
inline constexpr std::int64_t kListLimitMax = 500;

[[nodiscard]] Reply json_reply(unsigned status, std::string body);
[[nodiscard]] Reply error(unsigned status, std::string_view code, std::string_view message);
[[nodiscard]] Reply store_failed(const storage::Failure& failure);

[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);
/// A time as RFC 3339 or as seconds since the Unix epoch.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);

/// Reads a query parameter into `into`; false where it is there and will not do.
template <typename T, typename Parse>
bool read_parameter(const base::RequestTarget& target, std::string_view name, Parse parse, T& into) {
  const auto text = target.parameter(name);
  if (!text || text->empty()) return true;
  const auto value = parse(*text);
  if (value) into = *value;
  return value.has_value();
}

}  // namespace couponhook::server
