#pragma once

/// \file
/// Maps the HTTP reply of a target to the outcome of a delivery.

#include <chrono>
#include <optional>
#include <string_view>

#include "handlers/handler.hpp"

namespace couponhook::server {

struct HttpOutcome {
  handlers::Outcome outcome;
  bool target_answers;  ///< true if the target is up, even if it refused the event
};

/// Maps an HTTP reply to the outcome of a delivery: a status 2xx means done, 410 means dead (given
/// up) at once, and everything else is retried, not before the time in Retry-After. Redirects are
/// not followed, because a host must not be able to send events to another host.
/// \param body of the reply, or its beginning; if the delivery is not done, an excerpt becomes the
///   outcome's detail.
[[nodiscard]] HttpOutcome outcome_of(unsigned status, std::string_view retry_after,
                                     std::string_view body,
                                     std::chrono::system_clock::time_point now);

/// Parses the value of a Retry-After header: a number of seconds, or an HTTP date (RFC 9110,
/// section 10.2.3).
/// \return the time to wait, at least 0; nothing if the text has neither form.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
