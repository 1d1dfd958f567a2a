#pragma once

/// \file
/// Parses the time formats of WeChat Pay, and formats times as RFC 3339.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::handlers {

/// Parses the formats seen in WeChat Pay's documentation and traffic: RFC 3339 (fractions and
/// seconds are optional), and yyyyMMddHHmmss in Beijing time. Source: protocol reference, section
/// 1.8.
/// \return nothing if `text` has none of these formats.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_event_time(
    std::string_view text);

/// Formats a time as RFC 3339 in UTC with milliseconds, for example 2026-03-02T00:11:09.000Z.
[[nodiscard]] std::string format_event_time(std::chrono::sys_time<std::chrono::milliseconds> time);

}  // namespace couponhook::handlers
