#include "crypto/signature_verifier.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "base/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/platform_key.hpp"
#include "crypto/rsa_verify.hpp"

namespace couponhook::crypto {
namespace {

constexpr std::string_view kAlgorithm = "WECHATPAY2-SHA256-RSA2048";
constexpr std::string_view kProbePrefix = "WECHATPAY/SIGNTEST/";
constexpr std::size_t kTimestampDigitsMax = 19;  // number of decimal digits of the largest int64_t

bool is_within(std::chrono::seconds tolerance, std::int64_t a, std::int64_t b) {
  // Subtract as unsigned numbers, because the difference of two int64_t values may not fit into an
  // int64_t.
  const auto [low, high] = std::minmax(a, b);
  const std::uint64_t distance = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  return std::cmp_less_equal(distance, tolerance.count());
}

const PlatformKeys::Key* find_live(const PlatformKeys& keys, std::string_view serial,
                                   std::chrono::sys_seconds now) {
  const PlatformKeys::Key* key = keys.find(serial);
  if (key == nullptr) return nullptr;
  const bool expired = key->info.expires_at && now > *key->info.expires_at;
  return expired ? nullptr : key;
}

// Decodes a signature from base64. Compares the length of the text first, so that a text that
// cannot be a signature made with this key is refused at almost no cost.
// \return false if the text has the wrong length or is not canonical base64.
bool decode_signature(std::string_view text, std::size_t modulus_bytes, std::string& into) {
  const std::size_t text_length = (modulus_bytes + 2) / 3 * 4;
  return text.size() == text_length && base::base64_decode_into(text, into) &&
         into.size() == modulus_bytes;
}

}  // namespace

// Accepts only digits in a timestamp. std::from_chars alone would accept a minus sign, and other
// parsers also a plus sign or white space.
std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  if (text.size() > kTimestampDigitsMax || text.starts_with('-')) return std::nullopt;
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return seconds;
}

boost::system::result<void, VerifyError> verify_signature(const PlatformKeys& keys,
                                                          const SignedParts& parts,
                                                          std::chrono::seconds tolerance,
                                                          std::chrono::sys_seconds now) {
  if (parts.timestamp.empty() || parts.nonce.empty() || parts.serial.empty() ||
      parts.signature.empty()) {
    return VerifyError::kHeadersMissing;
  }
  const std::optional<std::int64_t> timestamp = parse_timestamp(parts.timestamp);
  if (!timestamp || !is_within(tolerance, *timestamp, now.time_since_epoch().count())) {
    return VerifyError::kTimestampInvalid;
  }
  if (!parts.signature_type.empty() && parts.signature_type != kAlgorithm) {
    return VerifyError::kUnknownAlgorithm;
  }
  const PlatformKeys::Key* const key = find_live(keys, parts.serial, now);
  if (key == nullptr) return VerifyError::kSerialUnknown;
  if (parts.signature.starts_with(kProbePrefix)) return VerifyError::kProbe;

  thread_local std::string signature;
  if (!decode_signature(parts.signature, key->modulus_bytes, signature)) {
    return VerifyError::kSignatureEncoding;
  }
  // Refuse a line end in the nonce. Otherwise an attacker could move lines between the nonce and
  // the body without changing the signed message.
  if (parts.nonce.find('\n') != std::string_view::npos) return VerifyError::kSignatureMismatch;
  const Sha256 digest = sha256({parts.timestamp, "\n", parts.nonce, "\n", parts.body, "\n"});
  if (!rsa_verify(*key, digest, signature)) return VerifyError::kSignatureMismatch;
  return {};
}

}  // namespace couponhook::crypto
