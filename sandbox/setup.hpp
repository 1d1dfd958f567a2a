#pragma once

/// \file
/// From the service's own configuration to a platform that fits it.

#include <memory>
#include <vector>

#include "server/config/config.hpp"
#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {

/// A platform that knows every configured merchant: its keys, its requests' key where it has a
/// [merchant.api], and development/platform_key.pem to sign with.
///
/// \param options as the user chose them.
/// \param problems gets every problem found, each with the file at fault and what to do.
/// \return null where there is a problem.
[[nodiscard]] std::unique_ptr<Platform> make_platform(const Config& config, PlatformOptions options,
                                                      Time now, std::vector<Problem>& problems);

}  // namespace couponhook::server::sandbox
