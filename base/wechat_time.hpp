#pragma once

/// \file
/// Parses the time formats that WeChat Pay uses, and writes the two time formats that couponhook
/// uses.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Parses the time in a notification. Accepted are RFC 3339, in which seconds and fractions of a
/// second may be missing, and yyyyMMddHHmmss, which is Beijing time. WeChat Pay's documentation and
/// its notifications use both.
/// \return the time; nothing for any other form, and for a date that does not exist.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_event_time(
    std::string_view text);

/// Parses a time in a reply of WeChat Pay's API. Accepted are the forms of parse_event_time(), and
/// "yyyy-MM-dd HH:mm:ss" in Beijing time, as in flow files (WeChat Pay's settlement files).
/// Fractions of a second are dropped.
/// \return the time; nothing for any other form, and for a date that does not exist.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_wechat_time(std::string_view text);

/// Parses the time in a row of a flow file (WeChat Pay's settlement file), even if a spreadsheet
/// program has rewritten the time. Accepted are the forms of parse_wechat_time(), and "yyyy/M/d
/// H:mm:ss" and "yyyy-M-d H:mm:ss", which are Beijing time.
/// \return the time; nothing for any other form, for example without seconds, or for a form in
///   which day and month cannot be told apart.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_file_time(std::string_view text);

/// Writes a time as RFC 3339 in UTC with milliseconds, such as 2026-03-02T00:11:09.000Z.
[[nodiscard]] std::string format_event_time(std::chrono::sys_time<std::chrono::milliseconds> time);

/// Writes a time, given in milliseconds since the Unix epoch, as RFC 3339 in UTC with milliseconds.
[[nodiscard]] std::string format_unix_ms(std::int64_t unix_ms);

/// Writes a time as RFC 3339 in Beijing time, such as 2015-05-20T13:29:35+08:00.
[[nodiscard]] std::string format_wechat_time(std::chrono::sys_seconds time);

}  // namespace couponhook::base
