#pragma once

/// \file
/// Verifies the signature of a notification or API reply: only WeChat Pay can have made it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/platform_keys.hpp"

namespace couponhook::crypto {

/// Reasons why WeChat Pay's signature on a message is refused, in the order of the checks: cheap
/// checks come first.
enum class VerifyError : std::uint8_t {
  kHeadersMissing = 1,  ///< one of the four Wechatpay signature headers is absent or empty
  /// The timestamp is not a decimal number, or too far from the local clock.
  kTimestampInvalid = 2,
  /// The header Wechatpay-Signature-Type names an algorithm other than RSA with SHA-256.
  kUnknownAlgorithm = 3,
  kSerialUnknown = 4,  ///< no key of the set that is valid now has this serial
  /// A deliberately wrong signature (WECHATPAY/SIGNTEST/…) with which WeChat Pay tests the
  /// receiver.
  kProbe = 5,
  /// The signature is not canonical base64, or has the wrong length for the key.
  kSignatureEncoding = 6,
  kSignatureMismatch = 7,  ///< the signature is well formed, but the RSA check failed
};

/// The signed parts of one HTTP message, exactly as received. The strings are views, and the text
/// behind them must outlive the call. The HTTP parser has already removed white space around header
/// values.
struct SignedParts {
  /// Value of the header Wechatpay-Timestamp, decimal Unix seconds.
  std::string_view timestamp;
  std::string_view nonce;      ///< value of the header Wechatpay-Nonce
  std::string_view serial;     ///< value of the header Wechatpay-Serial
  std::string_view signature;  ///< value of the header Wechatpay-Signature, base64
  /// Value of the header Wechatpay-Signature-Type, empty if absent.
  std::string_view signature_type;
  std::string_view body;  ///< the raw bytes of the HTTP body
};

/// Parses the value of the Wechatpay-Timestamp header.
/// \return seconds since the Unix epoch; nothing if the text has any character other than decimal
///   digits, or if the number does not fit into an int64_t.
[[nodiscard]] std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// Verifies WeChat Pay's RSA-SHA256 (PKCS#1 v1.5) signature over the text
/// "timestamp\nnonce\nbody\n".
///
/// \param tolerance the largest accepted difference between the timestamp and `now`, in either
///   direction. A difference of exactly the tolerance is accepted.
/// \param now the current time. The key of an expired certificate counts as unknown.
/// \return nothing if the signature is valid, else the reason of the first check that failed.
///
/// Thread-safe: each thread keeps its own RSA and digest contexts. Uses only CPU: about 20 µs if
/// RSA is computed, well under 1 µs if an earlier check fails.
///
/// Source: WeChat Pay's APIv3 documentation, "signature verification". Header names and defaults
/// are those of wechatpay-go and wechatpay-java.
[[nodiscard]] boost::system::result<void, VerifyError> verify_signature(
    const PlatformKeys& keys, const SignedParts& parts, std::chrono::seconds tolerance,
    std::chrono::sys_seconds now);

}  // namespace couponhook::crypto
