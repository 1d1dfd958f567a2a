#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <rapidjson/document.h>

#include "cpu_time.hpp"
#include "floor_parts.hpp"

namespace couponhook::bench {
namespace {

using Bytes = std::vector<unsigned char>;

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  require(RAND_bytes(bytes.data(), static_cast<int>(count)) == 1, "RAND_bytes");
  return bytes;
}

std::string base64_encode(const Bytes& bytes) {
  Bytes text((bytes.size() + 2) / 3 * 4 + 1);
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {text.begin(), text.begin() + length};
}

std::string envelope() {
  const std::string sealed = base64_encode(random_bytes(kCiphertextBytes));
  std::string text =
      R"({"id":"8a0e1c63-6d3d-4d0c-9d6a-3f5ad1a7f8f1","create_time":"2024-03-05T07:58:43+08:00",)"
      R"("resource_type":"encrypt-resource","event_type":"COUPON.USE","summary":"",)"
      R"("resource":{"original_type":"coupon","algorithm":"AEAD_AES_256_GCM","ciphertext":")" +
      sealed + R"(","associated_data":"coupon","nonce":"0123456789ab"}})";
  text.insert(text.find(R"(","resource":)"), std::string(kBodyBytes - text.size(), 's'));
  return text;
}

/// Fast base64 decoder. It has one lookup table for each of the four characters of a group, which
/// encode three bytes. A character outside the base64 alphabet sets the highest bit of the result,
/// which decode() checks once at the end.
class Base64Tables {
 public:
  Base64Tables() {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t place = 0; place < 4; ++place) {
      values_[place].fill(kForeign);
      for (std::uint32_t value = 0; value < 64; ++value) {
        values_[place][static_cast<unsigned char>(kAlphabet[value])] = value << (18 - 6 * place);
      }
    }
  }

  /// Decodes base64 text to `out`.
  /// \param text base64 text in complete groups of four characters, without padding.
  /// \return true if all characters belong to the base64 alphabet.
  [[nodiscard]] bool decode(std::string_view text, unsigned char* out) const {
    std::uint32_t seen = 0;
    for (std::size_t at = 0; at + 4 <= text.size(); at += 4, out += 3) {
      const std::uint32_t group =
          value(text, at, 0) | value(text, at, 1) | value(text, at, 2) | value(text, at, 3);
      seen |= group;
      out[0] = static_cast<unsigned char>(group >> 16);
      out[1] = static_cast<unsigned char>(group >> 8);
      out[2] = static_cast<unsigned char>(group);
    }
    return (seen & kForeign) == 0;
  }

 private:
  static constexpr std::uint32_t kForeign = 0x8000'0000;

  [[nodiscard]] std::uint32_t value(std::string_view text, std::size_t at,
                                    std::size_t place) const {
    return values_[place][static_cast<unsigned char>(text[at + place])];
  }

  std::array<std::array<std::uint32_t, 256>, 4> values_{};
};

Bytes sign(EVP_PKEY* key, const Bytes& body) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1,
          "EVP_DigestSignInit");
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  require(EVP_DigestSign(context.get(), signature.data(), &size, body.data(), body.size()) == 1,
          "EVP_DigestSign");
  return signature;
}

}  // namespace

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + " failed");
}

double rsa_verify() {
  const PkeyPtr key(EVP_RSA_gen(2048));
  const Bytes body = random_bytes(kBodyBytes);
  const Bytes signature = sign(key.get(), body);

  const DigestContextPtr digest(EVP_MD_CTX_new());
  EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  require(EVP_PKEY_verify_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(context.get(), sha256) == 1,
          "EVP_PKEY_verify_init");
  std::array<unsigned char, 32> value{};
  const double cost = cpu_of_each(20000, [&] {
    require(EVP_DigestInit_ex2(digest.get(), sha256, nullptr) == 1 &&
                EVP_DigestUpdate(digest.get(), body.data(), body.size()) == 1 &&
                EVP_DigestFinal_ex(digest.get(), value.data(), nullptr) == 1 &&
                EVP_PKEY_verify(context.get(), signature.data(), signature.size(), value.data(),
                                value.size()) == 1,
            "EVP_PKEY_verify");
  });
  EVP_MD_free(sha256);
  return cost;
}

double aes_gcm_open() {
  const Bytes key = random_bytes(32);
  const Bytes nonce = random_bytes(12);
  const Bytes plaintext = random_bytes(kCiphertextBytes - 16);
  Bytes sealed(plaintext.size());
  Bytes opened(plaintext.size());
  std::array<unsigned char, 16> tag{};
  const auto size = static_cast<int>(plaintext.size());
  int written = 0;
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const cipher = context.get();
  require(EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), key.data(), nonce.data(), nullptr) == 1 &&
              EVP_EncryptUpdate(cipher, sealed.data(), &written, plaintext.data(), size) == 1 &&
              EVP_EncryptFinal_ex(cipher, sealed.data() + size, &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()) == 1,
          "sealing");
  require(EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), key.data(), nullptr, nullptr) == 1,
          "EVP_DecryptInit");
  return cpu_of_each(400000, [&] {
    require(EVP_DecryptInit_ex2(cipher, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
                EVP_DecryptUpdate(cipher, opened.data(), &written, sealed.data(), size) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, tag.data()) == 1 &&
                EVP_DecryptFinal_ex(cipher, opened.data() + size, &written) == 1,
            "opening");
  });
}

double json_parse() {
  const std::string text = envelope();
  std::string buffer = text;
  return cpu_of_each(100000, [&] {
    // RapidJSON's ParseInsitu overwrites its input, so the JSON text must be copied for each call.
    std::memcpy(buffer.data(), text.data(), text.size());
    rapidjson::Document document;
    document.ParseInsitu(buffer.data());
    require(!document.HasParseError() && document.IsObject(), "ParseInsitu");
  });
}

double base64_decode() {
  const Base64Tables tables;
  const std::string signature = base64_encode(random_bytes(255));
  const std::string ciphertext = base64_encode(random_bytes(kCiphertextBytes));
  Bytes out(kCiphertextBytes);
  return cpu_of_each(300000, [&] {
    require(tables.decode(signature, out.data()) && tables.decode(ciphertext, out.data()),
            "base64");
  });
}

}  // namespace couponhook::bench
