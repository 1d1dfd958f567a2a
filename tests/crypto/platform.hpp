#pragma once

/// \file
/// A stand-in for WeChat Pay in tests: a new signing key, and requests signed with it.

#include <chrono>
#include <string>
#include <utility>

#include "crypto/platform_keys.hpp"
#include "crypto/self_signed.hpp"
#include "crypto/signature_verifier.hpp"
#include "crypto/signer.hpp"

namespace couponhook::crypto {

inline constexpr std::chrono::sys_seconds kNow{std::chrono::seconds{1'700'000'000}};
inline constexpr std::chrono::seconds kTolerance{300};

inline SelfSignedPair make_pair_of(PairKind kind) {
  SelfSignedOptions options;
  options.kind = kind;
  options.common_name = "Platform under test";
  options.valid_from = kNow - std::chrono::days{1};
  return make_self_signed(options);
}

/// A stand-in for WeChat Pay with one RSA key. Making an RSA key takes long, so all tests share the
/// object that instance() returns.
struct Platform {
  SelfSignedPair pair = make_pair_of(PairKind::kRsa2048);
  Signer signer = *Signer::from_pem(pair.private_key_pem);

  /// Returns a set of platform keys (public keys of WeChat Pay) with the certificate of this
  /// stand-in.
  [[nodiscard]] PlatformKeys keys() const {
    PlatformKeys keys;
    static_cast<void>(keys.add_certificate(pair.certificate_pem));
    return keys;
  }

  static const Platform& instance() {
    static const Platform platform;
    return platform;
  }
};

/// The headers and the body of a signed request. The object owns its text, so a test can change
/// each part of the request.
struct Request {
  std::string timestamp = std::to_string(kNow.time_since_epoch().count());
  std::string nonce = "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz";
  std::string serial;
  std::string signature;
  std::string signature_type;
  std::string body = R"({"id":"92815fd7-a930-5214-bf2b-a12190a07711","summary":"券核销通知"})";

  [[nodiscard]] SignedParts parts() const {
    return {timestamp, nonce, serial, signature, signature_type, body};
  }
  void sign(const Signer& signer) {
    signature = signer.sign(notification_message(timestamp, nonce, body));
  }
};

inline Request signed_request(const Platform& platform = Platform::instance()) {
  Request request;
  request.serial = platform.pair.serial;
  request.sign(platform.signer);
  return request;
}

/// Returns the result of a signature check as an integer, which GoogleTest can compare and print:
/// kAccepted (0), or the number of the VerifyError.
inline constexpr int kAccepted = 0;
inline int answer(const boost::system::result<void, VerifyError>& result) {
  return result ? kAccepted : static_cast<int>(result.error());
}
inline int code(VerifyError error) {
  return static_cast<int>(error);
}

}  // namespace couponhook::crypto
