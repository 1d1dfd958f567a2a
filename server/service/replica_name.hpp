#pragma once

/// \file
/// Name of this process among all replicas of the service, for leases and logs.

#include <string>

namespace couponhook::server {

/// Returns the name of this process as "HOST:PID". HOST is the kernel's host name of this machine
/// or container.
[[nodiscard]] std::string replica_name();

}  // namespace couponhook::server
