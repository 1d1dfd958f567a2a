#include "crypto/random.hpp"

#include <array>
#include <string_view>

#include <openssl/rand.h>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace couponhook::crypto {

RandomSource system_random() {
  return [](std::span<unsigned char> bytes) {
    require(RAND_bytes_ex(nullptr, bytes.data(), bytes.size(), 0) == 1, "RAND_bytes_ex");
  };
}

std::string random_alphanumeric(const RandomSource& random, std::size_t length) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  // Random bytes with this value or a larger one are not used. 256 is not a multiple of 62 (the
  // size of the alphabet), so these bytes would make the first characters of the alphabet more
  // likely than the other characters.
  constexpr std::size_t kRefusedFrom = 256 - 256 % kAlphabet.size();

  std::string text;
  text.reserve(length);
  std::array<unsigned char, 64> bytes{};
  while (text.size() < length) {
    random(bytes);
    for (const unsigned char byte : bytes) {
      if (byte < kRefusedFrom && text.size() < length) text += kAlphabet[byte % kAlphabet.size()];
    }
  }
  return text;
}

std::string random_uuid(const RandomSource& random) {
  std::array<unsigned char, 16> bytes{};
  random(bytes);
  // Write the version (4) and the variant (binary 10) into the UUID, as RFC 9562, section 5.4,
  // requires.
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string uuid = to_hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) uuid.insert(dash, 1, '-');
  return uuid;
}

}  // namespace couponhook::crypto
