#pragma once

/// \file
/// Owning pointers and error checks for OpenSSL's C functions. Internal header: only crypto/
/// includes it.

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

/// Smallest accepted RSA modulus, in bits, for the keys of WeChat Pay and of merchants.
constexpr int kModulusBitsMin = 2048;

/// Checks the result of an OpenSSL call that fails only because of a bug in this program or lack of
/// memory.
/// \param ok true if the call succeeded.
/// \param what name of the OpenSSL function, for the exception's message.
/// \throws std::runtime_error if `ok` is false. Before throwing, this function clears OpenSSL's
///   error queue of the thread, so that the next OpenSSL caller does not find this error there.
void require(bool ok, const char* what);

/// Checks the pointer that an OpenSSL call returned: null means that the call failed.
/// \return `object`.
/// \throws std::runtime_error if `object` is null.
template <typename T>
[[nodiscard]] T* require(T* object, const char* what) {
  require(object != nullptr, what);
  return object;
}

/// Returns OpenSSL's SHA-256 algorithm. It is fetched only once in the whole process, because
/// fetching an algorithm from OpenSSL costs as much as hashing a short message.
[[nodiscard]] const EVP_MD* sha256_algorithm();

/// Returns an OpenSSL BIO (byte stream) from which OpenSSL reads `bytes`. `bytes` must live as long
/// as the BIO.
[[nodiscard]] BioPtr reading(std::string_view bytes);

/// A function that OpenSSL calls for the password of an encrypted key (pem_password_cb); it always
/// fails. OpenSSL's default function would ask for a password on the terminal and block the
/// service.
int no_password(char* buffer, int size, int writing, void* user);

}  // namespace couponhook::crypto
