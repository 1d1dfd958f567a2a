#pragma once

/// \file
/// The times that WeChat Pay writes, and how we write them.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::handlers {

/// Reads RFC 3339 with or without fractions or seconds, and yyyyMMddHHmmss (Beijing time): the
/// forms seen in documentation and traffic (protocol reference, section 1.8).
/// \return nothing where `text` is none of these.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_event_time(
    std::string_view text);

/// RFC 3339 in UTC with milliseconds: 2026-03-02T00:11:09.000Z.
[[nodiscard]] std::string format_event_time(std::chrono::sys_time<std::chrono::milliseconds> time);

}  // namespace couponhook::handlers
