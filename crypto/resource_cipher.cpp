#include "crypto/resource_cipher.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <openssl/err.h>

#include "base/base64.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pasted_text.hpp"
#include "crypto/unique_number.hpp"

namespace couponhook::crypto {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

const EVP_CIPHER* fetch(const char* name) {
  return require(EVP_CIPHER_fetch(nullptr, name, nullptr), "EVP_CIPHER_fetch");
}

// Returns OpenSSL's AES-GCM algorithm for a key length. The algorithm is fetched from OpenSSL once
// in the whole process and never freed: at process exit, another thread may still be decrypting.
const EVP_CIPHER* aes_gcm(std::size_t key_bytes) {
  static const EVP_CIPHER* const aes_128 = fetch("AES-128-GCM");
  static const EVP_CIPHER* const aes_192 = fetch("AES-192-GCM");
  static const EVP_CIPHER* const aes_256 = fetch("AES-256-GCM");
  switch (key_bytes) {
    case 16:
      return aes_128;
    case 24:
      return aes_192;
    case 32:
      return aes_256;
    default:
      throw std::invalid_argument("an AES key is 16, 24 or 32 bytes");
  }
}

unsigned char* octets(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Passes all bytes of `in` to an OpenSSL cipher, in pieces whose size fits into an int. `out` is
// null if `in` is associated data, which is authenticated but not encrypted.
void update(EVP_CIPHER_CTX* context, unsigned char* out, std::string_view in) {
  constexpr std::size_t kPieceBytes = std::size_t{1} << 30;
  while (!in.empty()) {
    const std::string_view piece = in.substr(0, kPieceBytes);
    int written = 0;
    require(EVP_CipherUpdate(context, out, &written, octets(piece),
                             static_cast<int>(piece.size())) == 1,
            "EVP_CipherUpdate");
    if (out != nullptr) out += written;
    in.remove_prefix(piece.size());
  }
}

enum class Direction : int { kOpen = 0, kSeal = 1 };

/// The OpenSSL cipher context of one thread, for either encryption or decryption. The context keeps
/// the last key, so the next message with the same key needs only a new nonce.
class Context {
 public:
  explicit Context(Direction direction) : direction_(direction) {}

  EVP_CIPHER_CTX* begin(std::uint64_t key_number, const Secret& key, std::string_view nonce) {
    const bool same_key = key_number == key_number_;
    key_number_ = 0;
    require(EVP_CipherInit_ex2(context_.get(), same_key ? nullptr : aes_gcm(key.size()),
                               same_key ? nullptr : octets(key.reveal()), octets(nonce),
                               static_cast<int>(direction_), nullptr) == 1,
            "EVP_CipherInit");
    key_number_ = key_number;
    return context_.get();
  }

 private:
  Direction direction_;
  CipherContextPtr context_{require(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")};
  std::uint64_t key_number_ = 0;
};

}  // namespace

struct ResourceCipher::Impl {
  Secret key;
  std::uint64_t key_number = unique_number();
};

std::string_view describe(OpenError error) {
  switch (error) {
    case OpenError::kBadEncoding:
      return "the ciphertext is not canonical base64";
    case OpenError::kTooShort:
      return "the ciphertext is shorter than its tag";
    case OpenError::kBadNonce:
      return "the nonce is not 12 bytes";
    case OpenError::kTagMismatch:
      return "the tag does not fit: wrong key, nonce or associated data, or an altered ciphertext";
  }
  return "unknown error";
}

ResourceCipher::ResourceCipher(Secret key) {
  // Look up the cipher algorithm now, so that a key of wrong length throws here and not at the
  // first message.
  static_cast<void>(aes_gcm(key.size()));
  impl_ = std::make_unique<Impl>(Impl{.key = std::move(key)});
}

ResourceCipher::~ResourceCipher() = default;
ResourceCipher::ResourceCipher(ResourceCipher&&) noexcept = default;
ResourceCipher& ResourceCipher::operator=(ResourceCipher&&) noexcept = default;

boost::system::result<std::string, OpenError> ResourceCipher::open(
    std::string_view nonce, std::string_view associated_data, std::string_view ciphertext) const {
  thread_local std::string sealed;
  if (!base::base64_decode_into(ciphertext, sealed)) return OpenError::kBadEncoding;
  if (sealed.size() < kTagBytes) return OpenError::kTooShort;
  if (nonce.size() != kNonceBytes) return OpenError::kBadNonce;
  const std::size_t text_bytes = sealed.size() - kTagBytes;

  thread_local Context opening{Direction::kOpen};
  EVP_CIPHER_CTX* const context = opening.begin(impl_->key_number, impl_->key, nonce);
  std::string plaintext(text_bytes, '\0');
  update(context, nullptr, associated_data);
  update(context, octets(plaintext.data()), std::string_view{sealed}.substr(0, text_bytes));
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                              sealed.data() + text_bytes) == 1,
          "setting the tag");

  // This OpenSSL call verifies the authentication tag. Until the call succeeds, the decrypted bytes
  // may be forged.
  int written = 0;
  if (EVP_CipherFinal_ex(context, octets(plaintext.data()) + text_bytes, &written) != 1) {
    ERR_clear_error();
    wipe(plaintext);
    return OpenError::kTagMismatch;
  }
  return plaintext;
}

std::string ResourceCipher::seal(std::string_view nonce, std::string_view associated_data,
                                 std::string_view plaintext) const {
  if (nonce.size() != kNonceBytes) throw std::invalid_argument("a nonce is 12 bytes");

  thread_local Context sealing{Direction::kSeal};
  EVP_CIPHER_CTX* const context = sealing.begin(impl_->key_number, impl_->key, nonce);
  std::string sealed(plaintext.size() + kTagBytes, '\0');
  char* const tag = sealed.data() + plaintext.size();
  update(context, nullptr, associated_data);
  update(context, octets(sealed.data()), plaintext);
  int written = 0;
  require(EVP_CipherFinal_ex(context, octets(tag), &written) == 1, "EVP_CipherFinal");
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1,
          "getting the tag");
  return base::base64_encode(sealed);
}

std::string_view describe(ApiV3KeyError error) {
  switch (error) {
    case ApiV3KeyError::kWrongLength:
      return "an APIv3 key is exactly 32 letters and digits, this has {} bytes";
    case ApiV3KeyError::kUtf16:
      return "an APIv3 key is exactly 32 letters and digits, this has {} bytes; it is UTF-16, save "
             "it as UTF-8";
    case ApiV3KeyError::kInQuotes:
      return "an APIv3 key is exactly 32 letters and digits, this has {} bytes; remove the quotes "
             "around it";
    case ApiV3KeyError::kOddCharacter:
      return "an APIv3 key is exactly 32 letters and digits, this has {} bytes; remove {} from it";
  }
  return "unknown error";
}

boost::system::result<ResourceCipher, ApiV3KeyFailure> api_v3_cipher(Secret file_content) {
  const std::string_view key = strip_blanks(file_content.reveal());
  const std::string bytes = std::to_string(key.size());
  if (looks_like_utf16(file_content.reveal())) return ApiV3KeyFailure(ApiV3KeyError::kUtf16, bytes);
  if (stands_in_quotes(key)) return ApiV3KeyFailure(ApiV3KeyError::kInQuotes, bytes);
  if (const auto unusual = find_unusual_char(key)) {
    return ApiV3KeyFailure(ApiV3KeyError::kOddCharacter, bytes, *unusual);
  }
  if (key.size() != kApiV3KeyBytes) return ApiV3KeyFailure(ApiV3KeyError::kWrongLength, bytes);
  return ResourceCipher{Secret{std::string{key}}};
}

}  // namespace couponhook::crypto
