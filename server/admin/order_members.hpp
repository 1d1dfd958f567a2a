#pragma once

/// \file
/// What the body of an operator's order says.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"

namespace couponhook::server {

inline constexpr std::string_view kReasonHelp =
    R"(say why: the body is {"reason":"…"}, of 1000 bytes at most)";

/// A body's members as if they had been query parameters: an object of texts and booleans. An empty
/// body is an empty object.
/// \return nothing where it is no such object, or has members that are not known.
[[nodiscard]] std::optional<base::RequestTarget> read_members(std::string_view body,
                                                 const std::vector<std::string_view>& known);

/// \return the reason that a body gives, which is its only member; nothing where it gives none, or
///   one that is too long.
[[nodiscard]] std::optional<std::string> reason_in(std::string_view body);

/// The same of members that were read.
[[nodiscard]] std::optional<std::string> reason_in(const base::RequestTarget& members);

}  // namespace couponhook::server
