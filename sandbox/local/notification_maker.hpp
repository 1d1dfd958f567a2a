#pragma once

/// \file
/// Seals and signs notifications as WeChat Pay does, with a key of one's own.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/platform_keys.hpp"
#include "crypto/random.hpp"
#include "crypto/resource_cipher.hpp"
#include "crypto/signer.hpp"
#include "base/clock.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// What can be wrong with a notification on purpose.
enum class Bad : std::uint8_t {
  kNone,
  kSignature,   ///< one bit of a right signature is flipped
  kSerial,      ///< a serial that nobody has
  kTimestamp,   ///< an hour old, though signed rightly
  kProbe,       ///< what WeChat Pay sends to see whether we verify: WECHATPAY/SIGNTEST/…
  kCiphertext,  ///< signed rightly, but the resource was altered after sealing
};

/// \return nothing where `name` is none of signature, serial, timestamp, probe and ciphertext.
[[nodiscard]] std::optional<Bad> parse_bad(std::string_view name);

/// What a notification says, before it is sealed.
struct Draft {
  std::string id;
  std::string create_time;  ///< empty: the moment it is made
  std::string event_type;
  std::string resource_type = "encrypt-resource";
  std::optional<std::string> summary;
  std::string original_type;
  std::string associated_data;
  std::string resource;  ///< the plaintext, JSON
};

/// A request that only needs sending.
struct SignedNotification {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Thread-safe where the random source and the clock are.
class NotificationMaker {
 public:
  /// \param serial what Wechatpay-Serial says: that of the certificate or public key which belongs
  ///   to the signer's key.
  NotificationMaker(crypto::Signer signer, std::string serial, crypto::ResourceCipher cipher,
                    crypto::RandomSource random, base::WallClock clock);

  /// Every call seals and signs anew with fresh nonces and the present time, as WeChat Pay does for
  /// each copy: copies of one notification share nothing but what the draft says.
  [[nodiscard]] SignedNotification make(const Draft& draft, Bad bad = Bad::kNone) const;

 private:
  [[nodiscard]] std::string make_body(const Draft& draft, Bad bad,
                                      std::chrono::system_clock::time_point now) const;

  crypto::Signer signer_;
  std::string serial_;
  crypto::ResourceCipher cipher_;
  crypto::RandomSource random_;
  base::WallClock clock_;
};

/// \return the serial of that live key which belongs to the signer: it verifies what the signer
///   signs. Empty where none does.
[[nodiscard]] std::string find_serial(const crypto::Signer& signer,
                                      const crypto::PlatformKeys& keys,
                                      std::chrono::sys_seconds now);

/// Which key to sign with.
struct PlatformKeyChoice {
  std::filesystem::path key;  ///< empty: development/platform_key.pem beside the configuration
  std::string serial;         ///< empty: that of the merchant's platform key which fits
};

/// A maker whose notifications the service with this configuration accepts for this merchant.
/// \return every problem found, each with the file at fault and what to do.
[[nodiscard]] boost::system::result<NotificationMaker, std::vector<Problem>>
load_notification_maker(const Config& config, const MerchantConfig& merchant,
                        const PlatformKeyChoice& choice, crypto::RandomSource random,
                        base::WallClock clock);

}  // namespace couponhook::server
