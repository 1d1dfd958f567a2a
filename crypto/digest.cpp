#include "crypto/digest.hpp"

#include "crypto/openssl.hpp"

namespace couponhook::crypto {

Sha256 sha256(std::initializer_list<std::string_view> parts) {
  thread_local const DigestContextPtr context{require(EVP_MD_CTX_new(), "EVP_MD_CTX_new")};
  Sha256 digest{};
  require(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1, "EVP_DigestInit");
  for (const std::string_view part : parts) {
    require(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1, "EVP_DigestUpdate");
  }
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1, "EVP_DigestFinal");
  return digest;
}

Sha1 sha1(std::string_view bytes) {
  Sha1 digest{};
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1,
          "EVP_Digest");
  return digest;
}

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text;
}

}  // namespace couponhook::crypto
