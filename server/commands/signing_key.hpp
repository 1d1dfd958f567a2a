#pragma once

/// \file
/// Loads the platform key with which `trigger` and `replay` sign the notifications that they send.

#include <filesystem>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "sandbox/local/notification_maker.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// The key with which notifications are signed, as the user chose it with options.
struct PlatformKeyChoice {
  /// File with the private key. If the path is empty, the file is development/platform_key.pem in
  /// the folder of the configuration.
  std::filesystem::path key;
  /// Serial of the key. If it is empty, the serial of the merchant's configured platform key that
  /// belongs to the private key in the file `key`.
  std::string serial;
};

/// Makes a NotificationMaker for this merchant. A service with this configuration accepts the
/// notifications that the maker signs.
/// \return the maker; or every problem found, each with the file at fault and what to do.
[[nodiscard]] boost::system::result<NotificationMaker, std::vector<Problem>>
load_notification_maker(const Config& config, const MerchantConfig& merchant,
                        const PlatformKeyChoice& choice, crypto::RandomSource random,
                        base::WallClock clock);

}  // namespace couponhook::server
