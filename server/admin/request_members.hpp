#pragma once

/// \file
/// Reads the JSON body of an operator's request.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"

namespace couponhook::server {

/// Error message for a missing or invalid reason.
inline constexpr std::string_view kReasonHelp =
    R"(say why: the body is {"reason":"…"}, of 1000 bytes at most)";

/// Reads a body as if its members were query parameters. The body must be a JSON object of strings
/// and booleans; an empty body counts as an empty object. A boolean becomes "true" or an empty
/// text.
/// \param known names of the members that are allowed.
/// \return nothing when the body is not such an object, or has another member.
[[nodiscard]] std::optional<base::RequestTarget> read_members(
    std::string_view body, const std::vector<std::string_view>& known);

/// Reads a body with one member, `reason`.
/// \return the reason; nothing when it is missing, blank or longer than kReasonMax bytes.
[[nodiscard]] std::optional<std::string> reason_in(std::string_view body);

/// Takes the reason from members that were read before. The result is the same as for a body.
[[nodiscard]] std::optional<std::string> reason_in(const base::RequestTarget& members);

}  // namespace couponhook::server
