#pragma once

/// \file
/// Private to this room: ownership and failures of OpenSSL's C interface.

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace couponhook::crypto {

template <auto kFree>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using BignumPtr = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, FreedBy<X509_free>>;
using X509ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;

/// What WeChat Pay's RSA keys have at least, its own and the merchants'.
constexpr int kModulusBitsMin = 2048;

/// For calls that fail only by a bug or for want of memory.
/// \param what names the call in the exception's message.
/// \throws std::runtime_error unless `ok`; OpenSSL's error queue is emptied, for the next caller on
///   this thread must not find our error in it.
void require(bool ok, const char* what);

/// As above, for calls that return an object.
template <typename T>
[[nodiscard]] T* require(T* object, const char* what) {
  require(object != nullptr, what);
  return object;
}

/// SHA-256, looked up once in the process: a look-up costs as much as digesting a short message.
[[nodiscard]] const EVP_MD* sha256_algorithm();

/// A BIO that reads `bytes`, which must outlive it.
[[nodiscard]] BioPtr reading(std::string_view bytes);

/// A pem_password_cb that gives up. OpenSSL's own would ask at the terminal and hang a service.
int no_password(char* buffer, int size, int writing, void* user);

}  // namespace couponhook::crypto
