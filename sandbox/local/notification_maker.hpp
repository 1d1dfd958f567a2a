#pragma once

/// \file
/// Encrypts and signs notifications as WeChat Pay does, with a key that is only for development or
/// tests.

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

/// Ways in which a notification is made wrong on purpose, to test whether a receiver finds the
/// fault.
enum class Bad : std::uint8_t {
  kNone,
  kSignature,  ///< one bit of the notification's signature is changed
  /// The Wechatpay-Serial header contains a random serial number, which the receiver does not know.
  kSerial,
  kTimestamp,  ///< the notification's timestamp is one hour old; its signature is correct
  /// The signature begins with WECHATPAY/SIGNTEST/; WeChat Pay sends such notifications to test
  /// whether a receiver verifies signatures.
  kProbe,
  /// The encrypted part of the notification was changed before signing, so decryption fails
  /// although the signature is correct.
  kCiphertext,
};

/// Returns the fault with this name: signature, serial, timestamp, probe or ciphertext; nothing for
/// any other name.
[[nodiscard]] std::optional<Bad> parse_bad(std::string_view name);

/// Content of a notification before encryption and signing.
struct Draft {
  std::string id;
  /// Creation time of the notification, as text. Empty: the time of signing is used.
  std::string create_time;
  std::string event_type;
  std::string resource_type = "encrypt-resource";
  std::optional<std::string> summary;
  std::string original_type;
  std::string associated_data;
  std::string resource;  ///< JSON text that becomes the encrypted part of the notification
};

/// Headers and body of an encrypted and signed notification, ready to be sent.
struct SignedNotification {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Encrypts and signs notifications. Thread-safe if the random source and the clock are
/// thread-safe.
class NotificationMaker {
 public:
  /// \param serial value of the Wechatpay-Serial header: the serial number of the certificate, or
  ///   the id of the public key, with which a receiver can verify the signatures.
  NotificationMaker(crypto::Signer signer, std::string serial, crypto::ResourceCipher cipher,
                    crypto::RandomSource random, base::WallClock clock);

  /// Encrypts and signs the draft of a notification (its content). Every call uses new nonces and
  /// the current time, as WeChat Pay does for each copy of a notification. So two copies have the
  /// same decrypted content, but different bytes.
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

/// Returns the serial number of the key in `keys` that is valid now and with which the signer's
/// signatures can be verified; empty if there is no such key.
[[nodiscard]] std::string find_serial(const crypto::Signer& signer,
                                      const crypto::PlatformKeys& keys,
                                      std::chrono::sys_seconds now);

}  // namespace couponhook::server
