#pragma once

/// \file
/// Whether a notification URL answers.

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Posts an unsigned, empty notification, which a receiver refuses, over TLS verified with the
/// system's certificates as WeChat Pay's side does.
/// \return nothing where the answer is a receiver's, else what is wrong and what to do.
[[nodiscard]] std::optional<std::string> why_unreachable(std::string_view url);

}  // namespace couponhook::server
