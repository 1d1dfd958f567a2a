#pragma once

/// \file
/// Makes the sandbox's simulated WeChat Pay from the configuration of the service.

#include <memory>
#include <vector>

#include "sandbox/platform.hpp"
#include "server/config/config.hpp"

namespace couponhook::server::sandbox {

/// Makes a simulated WeChat Pay platform that knows every configured merchant: its APIv3 key and,
/// if the merchant has a [merchant.api] table, the public key that verifies its API requests. The
/// platform signs with the key in development/platform_key.pem.
///
/// \param options settings of the platform, as the user chose them.
/// \param problems the function adds one entry for each problem. The entry names the file at fault
/// and what to do.
/// \return the platform; null if there is a problem.
[[nodiscard]] std::unique_ptr<Platform> make_platform(const Config& config, PlatformOptions options,
                                                      Time now, std::vector<Problem>& problems);

}  // namespace couponhook::server::sandbox
