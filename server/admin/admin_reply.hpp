#pragma once

/// \file
/// Helpers for the replies of the admin listener: JSON and error replies, query parameters.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/url.hpp"
#include "server/net/http_message.hpp"
#include "storage/failure.hpp"

namespace couponhook::server {

/// Largest number of entries on one page of a list.
inline constexpr std::int64_t kListLimitMax = 500;

/// Reply with a JSON body.
[[nodiscard]] Reply json_reply(unsigned status, std::string body);
/// Reply with the JSON body {"code", "message"}.
[[nodiscard]] Reply error(unsigned status, std::string_view code, std::string_view message);
/// 503 STORE_UNAVAILABLE with the store's own message.
[[nodiscard]] Reply store_failed(const storage::Failure& failure);

/// Reads a decimal integer.
/// \return nothing when the text is anything else.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);
/// Reads a time in RFC 3339 or in whole seconds since the Unix epoch.
/// \return milliseconds since the Unix epoch; nothing when the text is neither.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);

/// Reads a query parameter into `into`. A missing or empty parameter leaves `into` unchanged.
/// \return false when the parameter is present and cannot be parsed.
template <typename T, typename Parse>
bool read_parameter(const base::RequestTarget& target, std::string_view name, Parse parse,
                    T& into) {
  const auto text = target.parameter(name);
  if (!text || text->empty()) return true;
  const auto value = parse(*text);
  if (value) into = *value;
  return value.has_value();
}

}  // namespace couponhook::server
