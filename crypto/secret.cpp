#include "crypto/secret.hpp"

#include <utility>

#include <openssl/crypto.h>

namespace couponhook::crypto {
namespace {

// Overwrite the unused capacity of the string too. After a short string is moved away, its old
// bytes are still in that memory.
void wipe_and_empty(std::string& bytes) noexcept {
  bytes.resize(bytes.capacity());
  wipe(bytes);
  bytes.clear();
}

}  // namespace

Secret::Secret(std::string&& bytes) : bytes_(bytes) {
  wipe_and_empty(bytes);
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  wipe_and_empty(other.bytes_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  // Overwrite the bytes of this object before std::string's move assignment, which may pass the old
  // memory to the other string or free it.
  wipe_and_empty(bytes_);
  bytes_ = std::move(other.bytes_);
  wipe_and_empty(other.bytes_);
  return *this;
}

Secret::~Secret() {
  wipe_and_empty(bytes_);
}

bool Secret::equals(std::string_view other) const {
  return bytes_.size() == other.size() &&
         CRYPTO_memcmp(bytes_.data(), other.data(), bytes_.size()) == 0;
}

void wipe(std::span<char> bytes) noexcept {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace couponhook::crypto
