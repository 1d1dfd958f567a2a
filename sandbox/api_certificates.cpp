#include "crypto/random.hpp"
#include "crypto/resource_cipher.hpp"
#include "sandbox/api.hpp"
#include "sandbox/events.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::size_t kSealNonceLength = 12;  // length of an AES-GCM nonce in bytes
constexpr std::string_view kAssociatedData = "certificate";

void write_certificate(const PlatformKey& key, const crypto::ResourceCipher& cipher,
                       JsonWriter& json) {
  // Take this nonce from the system's random source and not from the sandbox's generator with a
  // fixed seed, which repeats its numbers in every run: an AES-GCM nonce must never be used twice
  // with the same key.
  const std::string nonce = crypto::random_alphanumeric(crypto::system_random(), kSealNonceLength);
  json.object()
      .field("serial_no", key.serial)
      .field("effective_time", beijing_time(key.effective_at))
      .field("expire_time", beijing_time(key.expires_at))
      .object("encrypt_certificate")
      .field("algorithm", "AEAD_AES_256_GCM")
      .field("nonce", nonce)
      .field("associated_data", kAssociatedData)
      .field("ciphertext", cipher.seal(nonce, kAssociatedData, key.certificate))
      .end()
      .end();
}

Result<Answer> list_certificates(const Platform& platform, const Call& call) {
  const auto keys = platform.certificates.downloadable();
  if (keys.empty()) {
    return not_found("无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。");
  }
  const auto& api_v3_key = platform.accounts.at(call.mchid).api_v3_key;
  const crypto::ResourceCipher cipher(crypto::Secret(std::string(api_v3_key.reveal())));
  JsonWriter json;
  json.list("data");
  for (const PlatformKeyPtr& key : keys) write_certificate(*key, cipher, json);
  return Answer{json.end_list().take()};
}

Result<Answer> echo(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  const std::string message = fields.text("echo_message", 1, 1024);
  const std::string url = fields.optional_text("notify_url", 256);
  fields.require(url.empty() || base::parse_url(url).has_value(), "notify_url", "notify_url不合法");
  if (error) return std::move(*error);
  // Send the test notification only if the request to POST /v3/security/echo contains a notify_url,
  // as WeChat Pay does.
  if (!url.empty()) {
    notify(platform, call.mchid, Product::kFavor,
           echo_draft(message, call.now.wall, platform.chance.uuid()), url, call.now);
  }
  return Answer{JsonWriter().field("echo_message", message).take()};
}

}  // namespace

void add_certificate_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/v3/certificates",
             [&platform](const Call& call) { return list_certificates(platform, call); });
  routes.add("POST", "/v3/security/echo",
             [&platform](const Call& call) { return echo(platform, call); });
}

}  // namespace couponhook::server::sandbox
