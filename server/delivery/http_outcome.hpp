#pragma once

/// \file
/// What a target's HTTP reply means for a delivery.

#include <chrono>
#include <optional>
#include <string_view>

#include "handlers/handler.hpp"

namespace couponhook::server {

struct HttpOutcome {
  handlers::Outcome outcome;
  bool target_answers;  ///< see Called::target_answers
};

/// 2xx is done, 410 dead at once, anything else is retried, no sooner than Retry-After says.
/// Redirects are not followed: whoever can answer for a host must not send events to another.
/// \param body of the reply, or its beginning: an excerpt is the detail of what is not done.
[[nodiscard]] HttpOutcome outcome_of(unsigned status, std::string_view retry_after,
                                     std::string_view body,
                                     std::chrono::system_clock::time_point now);

/// Seconds, or an HTTP date (RFC 9110, section 10.2.3).
/// \return nothing where the text is neither; nothing negative.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
