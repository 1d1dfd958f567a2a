#include "crypto/signer.hpp"

#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/base64.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pasted_text.hpp"
#include "crypto/pem.hpp"

namespace couponhook::crypto {

std::string_view describe(PrivateKeyError error) {
  switch (error) {
    case PrivateKeyError::kUnreadable:
      return "no PEM private key that can be read without a password: it {}";
    case PrivateKeyError::kNotRsa:
      return "not an RSA private key";
    case PrivateKeyError::kTooShort:
      return "an RSA key of {} bits; WeChat Pay's have 2048";
  }
  return "unknown error";
}

struct Signer::Impl {
  PkeyPtr key;
};

Signer::Signer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

boost::system::result<Signer, PrivateKeyFailure> Signer::from_pem(const Secret& pem) {
  std::string_view text = pem.reveal();
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const BioPtr bio = reading(text);
  PkeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)};
  ERR_clear_error();
  if (!key) return PrivateKeyFailure(PrivateKeyError::kUnreadable, describe_content(text));
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return PrivateKeyError::kNotRsa;
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kModulusBitsMin) {
    return PrivateKeyFailure(PrivateKeyError::kTooShort, std::to_string(bits));
  }
  return Signer{std::make_unique<Impl>(Impl{std::move(key)})};
}

std::string Signer::sign(std::string_view message) const {
  const DigestContextPtr context{require(EVP_MD_CTX_new(), "EVP_MD_CTX_new")};
  // Pass no padding option. OpenSSL's default padding for RSA signatures is PKCS#1 v1.5, which is
  // required.
  require(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                impl_->key.get(), nullptr) == 1,
          "EVP_DigestSignInit");
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
  std::size_t size = signature.size();
  require(
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1,
      "EVP_DigestSign");
  signature.resize(size);
  return base::base64_encode(signature);
}

std::string notification_message(std::string_view timestamp, std::string_view nonce,
                                 std::string_view body) {
  std::string message;
  message.reserve(timestamp.size() + nonce.size() + body.size() + 3);
  for (const std::string_view line : {timestamp, nonce, body}) message.append(line) += '\n';
  return message;
}

}  // namespace couponhook::crypto
