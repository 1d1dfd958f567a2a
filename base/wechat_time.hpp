#pragma once

/// \file
/// Times in the forms that WeChat Pay writes, and in the two that couponhook writes.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Reads the time of a notification: RFC 3339, in which seconds and fractions may be missing, and
/// yyyyMMddHHmmss, which is Beijing time (protocol reference, section 1.8).
/// \return nothing for any other form, and for a date that does not exist.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_event_time(
    std::string_view text);

/// Reads the time of an API reply: the forms of parse_event_time(), and the flow files'
/// "yyyy-MM-dd HH:mm:ss", which is Beijing time. Drops fractions of a second.
/// \return nothing for any other form, and for a date that does not exist.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_wechat_time(std::string_view text);

/// Reads the time of a row of a flow file, also after a spreadsheet has rewritten it: the forms of
/// parse_wechat_time(), and "yyyy/M/d H:mm:ss" and "yyyy-M-d H:mm:ss", which are Beijing time.
/// \return nothing for any other form: above all for one that has lost its seconds, or in which the
///   day could be the month.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_file_time(std::string_view text);

/// RFC 3339 in UTC with milliseconds: 2026-03-02T00:11:09.000Z.
[[nodiscard]] std::string format_event_time(std::chrono::sys_time<std::chrono::milliseconds> time);

/// The same, of milliseconds since the Unix epoch.
[[nodiscard]] std::string format_unix_ms(std::int64_t unix_ms);

/// RFC 3339 in Beijing time: 2015-05-20T13:29:35+08:00.
[[nodiscard]] std::string format_wechat_time(std::chrono::sys_seconds time);

}  // namespace couponhook::base
