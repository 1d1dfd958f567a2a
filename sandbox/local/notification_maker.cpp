#include "sandbox/local/notification_maker.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/file.hpp"
#include "crypto/signature_verifier.hpp"
#include "sandbox/local/beijing_time.hpp"

namespace couponhook::server {
namespace {

using std::chrono::floor;
using std::chrono::system_clock;

constexpr std::string_view kAlgorithm = "WECHATPAY2-SHA256-RSA2048";
constexpr std::string_view kProbePrefix = "WECHATPAY/SIGNTEST/";
constexpr std::size_t kHeaderNonceLength = 32;
constexpr std::size_t kResourceNonceLength = 12;  // length of an AES-GCM nonce in bytes

std::string flip_bit(std::string_view base64, std::size_t byte_from_end) {
  std::string bytes = base::base64_decode(base64).value();
  char& byte = bytes.at(bytes.size() - 1 - byte_from_end);
  byte = static_cast<char>(byte ^ 1);
  return base::base64_encode(bytes);
}

/// Returns a random serial number in the form of a certificate's serial number: 40 hexadecimal
/// digits in upper case.
std::string random_serial(const crypto::RandomSource& random) {
  std::array<unsigned char, 20> bytes{};
  random(bytes);
  std::string serial = crypto::to_hex(bytes);
  std::ranges::transform(serial, serial.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return serial;
}

}  // namespace

std::string find_serial(const crypto::Signer& signer, const crypto::PlatformKeys& keys,
                        std::chrono::sys_seconds now) {
  const std::string timestamp = std::to_string(now.time_since_epoch().count());
  const std::string signature = signer.sign(crypto::notification_message(timestamp, "nonce", ""));
  for (const crypto::KeyInfo& key : keys.list()) {
    const crypto::SignedParts parts{timestamp, "nonce", key.serial, signature, kAlgorithm, ""};
    if (crypto::verify_signature(keys, parts, std::chrono::seconds(1), now)) return key.serial;
  }
  return "";
}

std::optional<Bad> parse_bad(std::string_view name) {
  if (name == "signature") return Bad::kSignature;
  if (name == "serial") return Bad::kSerial;
  if (name == "timestamp") return Bad::kTimestamp;
  if (name == "probe") return Bad::kProbe;
  if (name == "ciphertext") return Bad::kCiphertext;
  return std::nullopt;
}

NotificationMaker::NotificationMaker(crypto::Signer signer, std::string serial,
                                     crypto::ResourceCipher cipher, crypto::RandomSource random,
                                     base::WallClock clock)
    : signer_(std::move(signer)),
      serial_(std::move(serial)),
      cipher_(std::move(cipher)),
      random_(std::move(random)),
      clock_(std::move(clock)) {}

std::string NotificationMaker::make_body(const Draft& draft, Bad bad,
                                         system_clock::time_point now) const {
  const std::string nonce = crypto::random_alphanumeric(random_, kResourceNonceLength);
  std::string ciphertext = cipher_.seal(nonce, draft.associated_data, draft.resource);
  if (bad == Bad::kCiphertext) ciphertext = flip_bit(ciphertext, 0);

  rapidjson::StringBuffer body;
  rapidjson::Writer<rapidjson::StringBuffer> writer(body);
  const auto field = [&writer](const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(value);
  };
  writer.StartObject();
  field("id", draft.id);
  field("create_time", draft.create_time.empty() ? beijing_time(now) : draft.create_time);
  field("resource_type", draft.resource_type);
  field("event_type", draft.event_type);
  if (draft.summary) field("summary", *draft.summary);
  writer.Key("resource");
  writer.StartObject();
  field("original_type", draft.original_type);
  field("algorithm", "AEAD_AES_256_GCM");
  field("ciphertext", ciphertext);
  field("associated_data", draft.associated_data);
  field("nonce", nonce);
  writer.EndObject();
  writer.EndObject();
  return {body.GetString(), body.GetSize()};
}

SignedNotification NotificationMaker::make(const Draft& draft, Bad bad) const {
  const auto now = clock_();
  const auto dated = bad == Bad::kTimestamp ? now - std::chrono::hours(1) : now;
  SignedNotification made;
  made.body = make_body(draft, bad, now);
  const std::string timestamp =
      std::to_string(floor<std::chrono::seconds>(dated).time_since_epoch().count());
  const std::string nonce = crypto::random_alphanumeric(random_, kHeaderNonceLength);
  std::string signature = signer_.sign(crypto::notification_message(timestamp, nonce, made.body));
  if (bad == Bad::kSignature) signature = flip_bit(signature, 0);
  if (bad == Bad::kProbe) signature.replace(0, kProbePrefix.size(), kProbePrefix);
  made.headers = {
      {"Wechatpay-Timestamp", timestamp},
      {"Wechatpay-Nonce", nonce},
      {"Wechatpay-Serial", bad == Bad::kSerial ? random_serial(random_) : serial_},
      {"Wechatpay-Signature", std::move(signature)},
      {"Wechatpay-Signature-Type", std::string(kAlgorithm)},
      {"Content-Type", "application/json"},
      {"Request-ID", random_serial(random_) + "-0"},
  };
  return made;
}

}  // namespace couponhook::server
