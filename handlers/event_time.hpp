#pragma once

/// \file
/// The times that WeChat Pay writes.

#include <chrono>
#include <optional>
#include <string_view>

namespace couponhook::handlers {

/// Reads RFC 3339 with or without fractions or seconds, and yyyyMMddHHmmss (Beijing time): the
/// forms seen in documentation and traffic (protocol reference, section 1.8).
/// \return nothing where `text` is none of these.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_event_time(
    std::string_view text);

}  // namespace couponhook::handlers
