#pragma once

/// \file
/// Makes the simulated WeChat Pay from the service's own configuration.

#include <memory>
#include <vector>

#include "sandbox/platform.hpp"
#include "server/config/config.hpp"

namespace couponhook::server::sandbox {

/// Makes a platform that knows every configured merchant: the APIv3 key, and the public key of its
/// API requests if the merchant has a [merchant.api] section. The platform signs with
/// development/platform_key.pem.
///
/// \param options as the user chose them.
/// \param problems receives every problem found, each with the file at fault and the repair.
/// \return null if there is a problem.
[[nodiscard]] std::unique_ptr<Platform> make_platform(const Config& config, PlatformOptions options,
                                                      Time now, std::vector<Problem>& problems);

}  // namespace couponhook::server::sandbox
