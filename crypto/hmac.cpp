#include "crypto/hmac.hpp"

#include <algorithm>

#include <openssl/hmac.h>

#include "base/ascii.hpp"
#include "crypto/openssl.hpp"

namespace couponhook::crypto {

Sha256 hmac_sha256(std::string_view key, std::string_view message) {
  // OpenSSL's HMAC() does not accept a null pointer, even for an empty key.
  const char* const key_data = key.empty() ? "" : key.data();
  Sha256 digest{};
  unsigned size = 0;
  require(HMAC(sha256_algorithm(), key_data, static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(message.data()), message.size(),
               digest.data(), &size) != nullptr &&
              size == digest.size(),
          "HMAC");
  return digest;
}

std::string api_v2_signature(const std::map<std::string, std::string>& fields,
                             const Secret& api_v2_key) {
  std::string message;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    message.append(name).append("=").append(value).append("&");
  }
  message.append("key=").append(api_v2_key.reveal());
  std::string signature = to_hex(hmac_sha256(api_v2_key.reveal(), message));
  wipe(message);
  std::ranges::transform(signature, signature.begin(), base::to_upper);
  return signature;
}

}  // namespace couponhook::crypto
