#pragma once

/// \file
/// Checks that a message was signed by WeChat Pay.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// Why a signature was refused, in the order of the checks: what costs nothing comes first.
enum class VerifyError : std::uint8_t {
  kHeadersMissing = 1,     ///< one of the four headers is absent or empty
  kTimestampInvalid = 2,   ///< not a decimal number, or too far from our clock
  kUnknownAlgorithm = 3,   ///< Wechatpay-Signature-Type names another than RSA with SHA-256
  kSerialUnknown = 4,      ///< no live key has this serial
  kProbe = 5,              ///< WeChat Pay's own test of whether we verify: WECHATPAY/SIGNTEST/…
  kSignatureEncoding = 6,  ///< not canonical base64, or not as long as the key's modulus
  kSignatureMismatch = 7,  ///< well formed, but RSA says no
};

/// The signed parts of one request exactly as received, views that must outlive the call. White
/// space around header values is the HTTP parser's to remove.
struct SignedParts {
  std::string_view timestamp;       ///< Wechatpay-Timestamp, decimal seconds since the Unix epoch
  std::string_view nonce;           ///< Wechatpay-Nonce
  std::string_view serial;          ///< Wechatpay-Serial
  std::string_view signature;       ///< Wechatpay-Signature, base64
  std::string_view signature_type;  ///< Wechatpay-Signature-Type, empty where absent
  std::string_view body;            ///< the body's raw bytes
};

/// \return the seconds since the Unix epoch that Wechatpay-Timestamp says; nothing where it is
///   anything else than decimal digits, or more than an int64_t holds.
[[nodiscard]] std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// Verifies RSA-SHA256 (PKCS#1 v1.5) over "timestamp\nnonce\nbody\n".
///
/// \param tolerance the largest accepted difference between the timestamp and `now`, either way; a
///   difference of exactly the tolerance is accepted.
/// \param now the current time. An expired certificate's key counts as unknown.
/// \return nothing on success, else the first check that failed.
///
/// Thread-safe; RSA and digest contexts are kept per thread. Pure CPU, about 20 µs where the
/// signature has to be computed and well under 1 µs where it does not come to that.
///
/// Source: WeChat Pay APIv3, "signature verification"; header names and defaults as in wechatpay-go
/// and wechatpay-java.
[[nodiscard]] boost::system::result<void, VerifyError> verify_signature(
    const PlatformKeys& keys, const SignedParts& parts, std::chrono::seconds tolerance,
    std::chrono::sys_seconds now);

}  // namespace couponhook::crypto
