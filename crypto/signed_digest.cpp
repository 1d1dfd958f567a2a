#include "crypto/signed_digest.hpp"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/base64.hpp"
#include "crypto/platform_key.hpp"

namespace couponhook::crypto {
namespace {

std::optional<Sha256> recover(const PlatformKeys::Key& key, std::string_view signature) {
  const PkeyContextPtr context{require(EVP_PKEY_CTX_new_from_pkey(nullptr, key.rsa.get(), nullptr),
                                       "EVP_PKEY_CTX_new_from_pkey")};
  require(EVP_PKEY_verify_recover_init(context.get()) == 1, "EVP_PKEY_verify_recover_init");
  require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1,
          "EVP_PKEY_CTX_set_rsa_padding");
  require(EVP_PKEY_CTX_set_signature_md(context.get(), sha256_algorithm()) == 1,
          "EVP_PKEY_CTX_set_signature_md");
  std::string opened(key.modulus_bytes, '\0');
  std::size_t size = opened.size();
  const int answer = EVP_PKEY_verify_recover(
      context.get(), reinterpret_cast<unsigned char*>(opened.data()), &size,
      reinterpret_cast<const unsigned char*>(signature.data()), signature.size());
  Sha256 digest{};
  if (answer != 1 || size != digest.size()) {
    ERR_clear_error();
    return std::nullopt;
  }
  std::copy_n(opened.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace

std::optional<SignedDigest> recover_digest(const PlatformKeys& keys, std::string_view signature) {
  const auto bytes = base::base64_decode(signature);
  if (!bytes) return std::nullopt;
  for (const KeyInfo& info : keys.list()) {
    const PlatformKeys::Key* const key = keys.find(info.serial);
    if (key == nullptr || bytes->size() != key->modulus_bytes) continue;
    if (const auto digest = recover(*key, *bytes)) return SignedDigest{info.serial, *digest};
  }
  return std::nullopt;
}

}  // namespace couponhook::crypto
