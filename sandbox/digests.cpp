#include "sandbox/digests.hpp"

#include <array>
#include <span>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace couponhook::server::sandbox {
namespace {

using Buffer = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hexadecimal(std::span<const unsigned char> bytes, std::string_view digits) {
  std::string text;
  for (const unsigned char byte : bytes) text += {digits[byte >> 4U], digits[byte & 15U]};
  return text;
}

std::string digest_hex(const EVP_MD* algorithm, std::string_view bytes) {
  Buffer digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1) {
    throw std::runtime_error("OpenSSL lacks a digest");
  }
  return hexadecimal(std::span(digest).first(size), "0123456789abcdef");
}

}  // namespace

std::string sha1_hex(std::string_view bytes) {
  return digest_hex(EVP_sha1(), bytes);
}

std::string sha256_hex(std::string_view bytes) {
  return digest_hex(EVP_sha256(), bytes);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  Buffer digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  return hexadecimal(std::span(digest).first(size), "0123456789ABCDEF");
}

}  // namespace couponhook::server::sandbox
