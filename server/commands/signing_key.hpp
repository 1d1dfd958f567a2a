#pragma once

/// \file
/// The platform key that signs what `trigger` and `replay` send.

#include <filesystem>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "sandbox/local/notification_maker.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// The user's choice of the key that signs.
struct PlatformKeyChoice {
  std::filesystem::path key;  ///< empty: development/platform_key.pem beside the configuration
  std::string serial;         ///< empty: the serial of the merchant's platform key that fits `key`
};

/// Makes a NotificationMaker whose notifications a service with this configuration accepts for this
/// merchant.
/// \return the maker; or every problem found, each with the file at fault and the repair.
[[nodiscard]] boost::system::result<NotificationMaker, std::vector<Problem>>
load_notification_maker(const Config& config, const MerchantConfig& merchant,
                        const PlatformKeyChoice& choice, crypto::RandomSource random,
                        base::WallClock clock);

}  // namespace couponhook::server
