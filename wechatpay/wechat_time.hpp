#pragma once

/// \file
/// Parses and formats the times in WeChat Pay's APIs and flow files.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::wechatpay {

/// Parses RFC 3339 (seconds and fractions are optional) and the formats of flow files in Beijing
/// time, "yyyy-MM-dd HH:mm:ss" and "yyyyMMddHHmmss". Fractions of a second are ignored.
/// \return nothing if `text` has none of these formats, or is not a valid date.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_wechat_time(std::string_view text);

/// Parses a time from a flow file, also if a spreadsheet has rewritten it. Accepts the formats of
/// parse_wechat_time(), and "yyyy/M/d H:mm:ss" and "yyyy-M-d H:mm:ss" in Beijing time.
/// \return nothing for any other format: a local time without seconds has lost data, and in a date
///   that does not begin with the year, day and month can be confused.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_file_time(std::string_view text);

/// Formats a time as RFC 3339 in Beijing time, for example 2015-05-20T13:29:35+08:00.
[[nodiscard]] std::string format_wechat_time(std::chrono::sys_seconds time);

}  // namespace couponhook::wechatpay
