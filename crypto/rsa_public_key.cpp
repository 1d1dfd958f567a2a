#include "crypto/rsa_public_key.hpp"

#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/base64.hpp"
#include "crypto/openssl.hpp"

namespace couponhook::crypto {

struct RsaPublicKey::Impl {
  PkeyPtr key;
};

RsaPublicKey::RsaPublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RsaPublicKey::~RsaPublicKey() = default;
RsaPublicKey::RsaPublicKey(RsaPublicKey&&) noexcept = default;
RsaPublicKey& RsaPublicKey::operator=(RsaPublicKey&&) noexcept = default;

boost::system::result<RsaPublicKey, std::string> RsaPublicKey::of_private_key(const Secret& pem) {
  const BioPtr bio = reading(pem.reveal());
  PkeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)};
  ERR_clear_error();
  if (!key) return "no PEM private key that can be read without a password";
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return "not an RSA private key";
  return RsaPublicKey{std::make_unique<Impl>(Impl{std::move(key)})};
}

bool RsaPublicKey::verify(std::string_view message, std::string_view signature) const {
  const auto bytes = base::base64_decode(signature);
  if (!bytes) return false;
  const DigestContextPtr context{require(EVP_MD_CTX_new(), "EVP_MD_CTX_new")};
  // Pass no padding option. OpenSSL's default padding for RSA signatures is PKCS#1 v1.5, which is
  // required.
  require(EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                  impl_->key.get(), nullptr) == 1,
          "EVP_DigestVerifyInit");
  const int answer = EVP_DigestVerify(
      context.get(), reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size(),
      reinterpret_cast<const unsigned char*>(message.data()), message.size());
  // OpenSSL returns zero for a wrong signature, and a negative number if it could not check the
  // signature at all. In both cases the signature is refused.
  if (answer == 1) return true;
  ERR_clear_error();
  return false;
}

}  // namespace couponhook::crypto
