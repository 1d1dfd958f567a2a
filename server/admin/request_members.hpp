#pragma once

/// \file
/// Reads the JSON body of an operator's request to the admin listener.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"

namespace couponhook::server {

/// Error message for a request whose "reason" is missing or invalid.
inline constexpr std::string_view kReasonHelp =
    R"(say why: the body is {"reason":"…"}, of 1000 bytes at most)";

/// Reads a JSON body as if its members were query parameters. The body must be a JSON object of
/// strings and booleans; an empty body counts as an empty object. The boolean true becomes the text
/// "true", and false becomes an empty text.
/// \param known names of the members that are allowed.
/// \return the members as parameters; nothing if the body is not such an object, or has a member
///   that is not in `known`.
[[nodiscard]] std::optional<base::RequestTarget> read_members(
    std::string_view body, const std::vector<std::string_view>& known);

/// Returns the reason of an action for which a reason may be missing: the parameter `reason`, or an
/// empty text. Nothing if it is longer than kReasonMax bytes.
[[nodiscard]] std::optional<std::string> optional_reason_in(const base::RequestTarget& members);

/// Reads a JSON body that has only the member `reason` (the operator's reason for an action).
/// \return the reason; nothing when it is missing, blank or longer than kReasonMax bytes.
[[nodiscard]] std::optional<std::string> reason_in(std::string_view body);

/// Returns the reason from a body that read_members() has already read; nothing when the reason is
/// missing, blank or longer than kReasonMax bytes.
[[nodiscard]] std::optional<std::string> reason_in(const base::RequestTarget& members);

}  // namespace couponhook::server
