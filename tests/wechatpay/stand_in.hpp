#pragma once

/// \file
/// A stand-in for WeChat Pay's API in tests: it makes replies and signs them with a key made for
/// the tests.

#include <chrono>
#include <string>
#include <utility>

#include "crypto/platform_keys.hpp"
#include "crypto/self_signed.hpp"
#include "crypto/signer.hpp"
#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

inline constexpr std::chrono::sys_seconds kNow{std::chrono::seconds{1'700'000'000}};

/// A certificate with its private key. Making such a pair takes long, so each pair is made once per
/// process.
struct Pair {
  crypto::SelfSignedPair pair;
  crypto::Signer signer;

  explicit Pair(const std::string& name) : Pair(made(name)) {}

  [[nodiscard]] crypto::PlatformKeys keys() const {
    crypto::PlatformKeys keys;
    static_cast<void>(keys.add_certificate(pair.certificate_pem));
    return keys;
  }

 private:
  explicit Pair(crypto::SelfSignedPair&& made)
      : pair(std::move(made)), signer(*crypto::Signer::from_pem(pair.private_key_pem)) {}

  static crypto::SelfSignedPair made(const std::string& name) {
    crypto::SelfSignedOptions options;
    options.kind = crypto::PairKind::kRsa2048;
    options.common_name = name;
    options.valid_from = kNow - std::chrono::days{1};
    return crypto::make_self_signed(options);
  }
};

inline const Pair& platform() {
  static const Pair pair("Platform under test");
  return pair;
}
inline const Pair& other_platform() {
  static const Pair pair("Another platform");
  return pair;
}

/// Returns an API reply with the headers that contain WeChat Pay's signature.
inline ApiReply signed_reply(std::string body, const Pair& by = platform(),
                             std::chrono::sys_seconds at = kNow, unsigned status = 200) {
  const std::string timestamp = std::to_string(at.time_since_epoch().count());
  const std::string nonce = "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz";
  const std::string signature =
      by.signer.sign(crypto::notification_message(timestamp, nonce, body));
  return {status,
          {{"wechatpay-timestamp", timestamp},
           {"Wechatpay-Nonce", nonce},
           {"Wechatpay-Serial", by.pair.serial},
           {"WECHATPAY-SIGNATURE", signature},
           {"Request-ID", "08F78BB5AF0610D302"}},
          std::move(body)};
}

}  // namespace couponhook::wechatpay
