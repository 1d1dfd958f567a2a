#include "crypto/openssl.hpp"

#include <limits>
#include <stdexcept>
#include <string>

#include <openssl/err.h>

namespace couponhook::crypto {

void require(bool ok, const char* what) {
  if (ok) return;
  ERR_clear_error();
  throw std::runtime_error(std::string{"OpenSSL: "} + what + " failed");
}

const EVP_MD* sha256_algorithm() {
  // Never free OpenSSL's SHA-256 algorithm: when the process ends, another thread may still be
  // computing a digest.
  static const EVP_MD* const algorithm =
      require(EVP_MD_fetch(nullptr, "SHA256", nullptr), "EVP_MD_fetch");
  return algorithm;
}

BioPtr reading(std::string_view bytes) {
  require(bytes.size() <= std::size_t{std::numeric_limits<int>::max()}, "holding a file of 2 GiB");
  // OpenSSL rejects a null pointer, and the data pointer of an empty string_view can be null.
  const char* const data = bytes.empty() ? "" : bytes.data();
  return BioPtr{require(BIO_new_mem_buf(data, static_cast<int>(bytes.size())), "BIO_new_mem_buf")};
}

int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

}  // namespace couponhook::crypto
