#pragma once

/// \file
/// What this process calls itself where replicas must be told apart.

#include <string>

namespace couponhook::server {

/// "HOST:PID", with the kernel's name of this machine or container.
[[nodiscard]] std::string replica_name();

}  // namespace couponhook::server
