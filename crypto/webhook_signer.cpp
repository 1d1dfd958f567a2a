#include "crypto/webhook_signer.hpp"

#include <array>
#include <optional>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace couponhook::crypto {
namespace {

using Result = boost::system::result<WebhookSigner, std::string>;
using MacPtr = std::unique_ptr<EVP_MAC, FreedBy<EVP_MAC_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, FreedBy<EVP_MAC_CTX_free>>;

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kWhiteSpace = " \t\r\n";
/// Of a decoded key, as the specification has it.
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytesMax = 64;
constexpr std::size_t kPlainBytesMax = 128;

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

/// \return nothing where the text is no secret.
std::optional<Secret> read_key(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    if (text.size() < kKeyBytesMin || text.size() > kPlainBytesMax) return std::nullopt;
    return Secret(std::string(text));
  }
  auto decoded = base64_decode(text.substr(kPrefix.size()));
  if (!decoded) return std::nullopt;
  Secret key(std::move(*decoded));
  if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) return std::nullopt;
  return key;
}

}  // namespace

Result WebhookSigner::from_text(std::string_view secrets) {
  std::vector<Secret> keys;
  while (true) {
    secrets.remove_prefix(std::min(secrets.find_first_not_of(kWhiteSpace), secrets.size()));
    if (secrets.empty()) break;
    const std::string_view text = secrets.substr(0, secrets.find_first_of(kWhiteSpace));
    secrets.remove_prefix(text.size());
    auto key = read_key(text);
    if (!key) {
      return refuse("secret " + std::to_string(keys.size() + 1) +
                    " is neither whsec_ followed by the base64 of 24 to 64 bytes nor a plain text "
                    "of 24 to 128 characters; make one with: "
                    "echo whsec_$(openssl rand -base64 32)");
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) {
    return refuse("holds no secret; make one with: echo whsec_$(openssl rand -base64 32)");
  }
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
    signatures += base64_encode({reinterpret_cast<const char*>(code.data()), code.size()});
  }
  return signatures;
}

}  // namespace couponhook::crypto
