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
  // Never freed: another thread may still be digesting while the process ends.
  static const EVP_MD* const algorithm =
      require(EVP_MD_fetch(nullptr, "SHA256", nullptr), "EVP_MD_fetch");
  return algorithm;
}

BioPtr reading(std::string_view bytes) {
  require(bytes.size() <= std::size_t{std::numeric_limits<int>::max()}, "holding a file of 2 GiB");
  // OpenSSL takes no null pointer, which is what an empty view may have.
  const char* const data = bytes.empty() ? "" : bytes.data();
  return BioPtr{require(BIO_new_mem_buf(data, static_cast<int>(bytes.size())), "BIO_new_mem_buf")};
}

int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

}  // namespace couponhook::crypto
