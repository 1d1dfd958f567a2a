#include "crypto/webhook_signer.hpp"

#include <algorithm>
#include <array>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pasted_text.hpp"

namespace couponhook::crypto {
namespace {

using Result = boost::system::result<WebhookSigner, std::string>;
using MacPtr = std::unique_ptr<EVP_MAC, FreedBy<EVP_MAC_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, FreedBy<EVP_MAC_CTX_free>>;

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kWhiteSpace = " \t\r\n";
/// Limits for the decoded key of a webhook secret, in bytes. The Standard Webhooks specification
/// allows 24 to 64 bytes. Earlier releases of couponhook accepted up to 128 characters of plain
/// text as a key, and such a key must still be usable in base64 form.
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytesMax = 128;
constexpr std::string_view kMakeOne = "make one with: echo whsec_$(openssl rand -base64 32)";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

Result refuse(std::string message) {
  return Result(boost::system::in_place_error, std::move(message));
}

MacContextPtr make_context() {
  const MacPtr mac{require(EVP_MAC_fetch(nullptr, "HMAC", nullptr), "EVP_MAC_fetch")};
  MacContextPtr context{require(EVP_MAC_CTX_new(mac.get()), "EVP_MAC_CTX_new")};
  std::array<char, 7> digest{"SHA256"};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  require(EVP_MAC_CTX_set_params(context.get(), parameters.data()) == 1, "EVP_MAC_CTX_set_params");
  return context;
}

Sha256 hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  thread_local const MacContextPtr context = make_context();
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  require(EVP_MAC_init(context.get(), bytes(key), key.size(), nullptr) == 1, "EVP_MAC_init");
  for (const std::string_view part : parts) {
    require(EVP_MAC_update(context.get(), bytes(part), part.size()) == 1, "EVP_MAC_update");
  }
  Sha256 code{};
  std::size_t size = 0;
  require(EVP_MAC_final(context.get(), code.data(), &size, code.size()) == 1, "EVP_MAC_final");
  return code;
}

bool begins_with_prefix_in_capitals(std::string_view text) {
  return text.size() > kPrefix.size() && base::starts_ignoring_case(text, kPrefix);
}

/// Returns the number of bytes that `base64` decodes to; 0 if the text is not base64.
std::size_t decoded_size(std::string_view base64) {
  auto decoded = base::base64_decode(base64);
  return decoded ? Secret(std::move(*decoded)).size() : 0;
}

/// Returns an error message for a webhook secret that does not begin with "whsec_".
std::string explain_missing_prefix(std::string_view text) {
  const std::size_t prefix_at = text.find(kPrefix);
  if (text.starts_with("whsk_") || text.starts_with("whpk_")) {
    return "is half of a key pair (whsk_, whpk_); both sides need one shared secret, whsec_…: " +
           std::string(kMakeOne);
  }
  if (stands_in_quotes(text)) return "stands in quotes; remove them";
  if (prefix_at != std::string_view::npos) {
    return "has " + std::to_string(prefix_at) +
           " characters before whsec_ (as in \"v1,whsec_…\"); begin with whsec_";
  }
  if (begins_with_prefix_in_capitals(text)) {
    return "begins with the prefix in capitals; write whsec_ and the base64 in the letters that it "
           "was given in";
  }
  if (const auto unusual = find_unusual_char(text))
    return "has " + *unusual + " in it; remove that";
  if (text.size() % 2 == 0 && text.size() >= 2 * kKeyBytesMin &&
      text.find_first_not_of(kHexDigits) == std::string_view::npos) {
    return "looks like hexadecimal, without the prefix whsec_; if the receiver decodes it, write "
           "the same key as: echo whsec_$(xxd -r -p FILE | base64 -w0)";
  }
  std::string message = "does not begin with whsec_; ";
  if (decoded_size(text) >= kKeyBytesMin) {
    message += "if it is the base64 of the key, put whsec_ in front of it; ";
  }
  // Suggest that the user writes the plain text in base64: the receiver of the webhooks can then
  // continue to use the same key.
  return message +
         "if the receiver takes the text itself for the key, as earlier releases did here, write "
         "the same key as: echo whsec_$(tr -d '\\r\\n' < FILE | base64 -w0); else " +
         std::string(kMakeOne);
}

std::string explain_bad_base64(std::string_view base64) {
  if (base64.ends_with('"') || base64.ends_with('\'')) return "ends with a quote; remove it";
  if (const auto unusual = find_unusual_char(base64))
    return "has " + *unusual + " in it; remove that";
  if (base64.find_first_of("-_") != std::string_view::npos) {
    return "is in the URL's form of base64; write + for - and / for _";
  }
  std::string padded(base64);
  while (padded.size() % 4 != 0) padded += '=';
  const bool lacks_padding = padded.size() != base64.size() && decoded_size(padded) >= kKeyBytesMin;
  wipe(padded);
  if (lacks_padding) return "lacks the = at the end of its base64; append it";
  return "is not the base64 of " + std::to_string(kKeyBytesMin) + " to " +
         std::to_string(kKeyBytesMax) + " bytes after whsec_, or only a part of it; " +
         std::string(kMakeOne);
}

/// Decodes the key of a webhook secret.
/// \return the key, or an error message if the text is not a valid secret.
boost::system::result<Secret, std::string> read_key(std::string_view text) {
  using Read = boost::system::result<Secret, std::string>;
  const auto refused = [](std::string why) {
    return Read(boost::system::in_place_error, std::move(why));
  };
  if (!text.starts_with(kPrefix)) return refused(explain_missing_prefix(text));
  text.remove_prefix(kPrefix.size());
  auto decoded = base::base64_decode(text);
  if (!decoded) return refused(explain_bad_base64(text));
  Secret key(std::move(*decoded));
  if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) {
    return refused("has " + std::to_string(key.size()) + " bytes after decoding, not " +
                   std::to_string(kKeyBytesMin) + " to " + std::to_string(kKeyBytesMax) +
                   ": is this only a part of it, cut by a blank or line end? " +
                   std::string(kMakeOne));
  }
  return Read(boost::system::in_place_value, std::move(key));
}

}  // namespace

Result WebhookSigner::from_text(std::string_view secrets) {
  std::vector<Secret> keys;
  if (looks_like_utf16(secrets)) return refuse("is UTF-16; save it as UTF-8");
  if (secrets.starts_with(kByteOrderMark)) secrets.remove_prefix(kByteOrderMark.size());
  while (true) {
    secrets.remove_prefix(std::min(secrets.find_first_not_of(kWhiteSpace), secrets.size()));
    if (secrets.empty()) break;
    const std::string_view text = secrets.substr(0, secrets.find_first_of(kWhiteSpace));
    secrets.remove_prefix(text.size());
    auto key = read_key(text);
    if (!key) {
      return refuse("secret " + std::to_string(keys.size() + 1) + " " + std::move(key).error());
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return refuse("holds no secret; " + std::string(kMakeOne));
  return WebhookSigner(std::move(keys));
}

std::string WebhookSigner::sign(std::string_view id, std::int64_t timestamp_s,
                                std::string_view body) const {
  const std::string timestamp = std::to_string(timestamp_s);
  std::string signatures;
  for (const Secret& key : keys_) {
    const Sha256 code = hmac_sha256(key.reveal(), {id, ".", timestamp, ".", body});
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1,";
    signatures += base::base64_encode({reinterpret_cast<const char*>(code.data()), code.size()});
  }
  return signatures;
}

}  // namespace couponhook::crypto
