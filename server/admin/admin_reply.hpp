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

/// Largest number of entries on one page of a list, for example of notifications or deliveries.
inline constexpr std::int64_t kListLimitMax = 500;

/// Makes an HTTP reply with this JSON text as its body.
[[nodiscard]] Reply json_reply(unsigned status, std::string body);
/// Makes an error reply. Its body is a JSON object with the members "code" and "message".
[[nodiscard]] Reply error(unsigned status, std::string_view code, std::string_view message);
/// Makes the reply for a store that failed: status 503, code STORE_UNAVAILABLE, and the error
/// message of the store.
[[nodiscard]] Reply store_failed(const storage::Failure& failure);

/// Parses a decimal integer.
/// \return the integer, or nothing if the text is not a decimal integer.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);
/// Parses a time in RFC 3339 format or in whole seconds since the Unix epoch.
/// \return milliseconds since the Unix epoch, or nothing if the text has neither format.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);

/// Parses the query parameter `name` with the function `parse` and stores the value in `into`. A
/// missing or empty parameter leaves `into` unchanged.
/// \return false if the parameter is present and cannot be parsed.
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
