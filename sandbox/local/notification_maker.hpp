#pragma once

/// \file
/// Seals and signs notifications as WeChat Pay does, with a development key.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "base/clock.hpp"
#include "crypto/platform_keys.hpp"
#include "crypto/random.hpp"
#include "crypto/resource_cipher.hpp"
#include "crypto/signer.hpp"

namespace couponhook::server {

/// Deliberate defects of a notification.
enum class Bad : std::uint8_t {
  kNone,
  kSignature,   ///< one bit of a correct signature is flipped
  kSerial,      ///< an unknown, random serial
  kTimestamp,   ///< one hour old, with a correct signature
  kProbe,       ///< a signature that begins with WECHATPAY/SIGNTEST/, with which WeChat Pay tests
                ///< whether a receiver verifies signatures
  kCiphertext,  ///< correct signature, but the sealed resource was changed
};

/// \return nothing unless `name` is signature, serial, timestamp, probe or ciphertext.
[[nodiscard]] std::optional<Bad> parse_bad(std::string_view name);

/// Content of a notification before it is sealed.
struct Draft {
  std::string id;
  std::string create_time;  ///< empty: the time at which the notification is signed
  std::string event_type;
  std::string resource_type = "encrypt-resource";
  std::optional<std::string> summary;
  std::string original_type;
  std::string associated_data;
  std::string resource;  ///< plaintext resource, JSON
};

/// Headers and body of a signed request, ready to send.
struct SignedNotification {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Seals and signs notifications. Thread-safe if the random source and the clock are thread-safe.
class NotificationMaker {
 public:
  /// \param serial value of the Wechatpay-Serial header: the serial of the certificate, or the id
  /// of the public key, that belongs to the signer's key.
  NotificationMaker(crypto::Signer signer, std::string serial, crypto::ResourceCipher cipher,
                    crypto::RandomSource random, base::WallClock clock);

  /// Seals and signs with fresh nonces and the current time at every call, as WeChat Pay does for
  /// each copy. Copies of one notification have only the draft's content in common.
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

/// \return the serial of the valid key in `keys` that verifies the signer's signatures; empty if
/// there is none.
[[nodiscard]] std::string find_serial(const crypto::Signer& signer,
                                      const crypto::PlatformKeys& keys,
                                      std::chrono::sys_seconds now);

}  // namespace couponhook::server
