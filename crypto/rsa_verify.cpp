#include "crypto/rsa_verify.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/platform_key.hpp"

namespace couponhook::crypto {
namespace {

PkeyContextPtr make_context(EVP_PKEY* rsa) {
  PkeyContextPtr context{
      require(EVP_PKEY_CTX_new_from_pkey(nullptr, rsa, nullptr), "EVP_PKEY_CTX_new_from_pkey")};
  require(EVP_PKEY_verify_init(context.get()) == 1, "EVP_PKEY_verify_init");
  require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1,
          "EVP_PKEY_CTX_set_rsa_padding");
  require(EVP_PKEY_CTX_set_signature_md(context.get(), sha256_algorithm()) == 1,
          "EVP_PKEY_CTX_set_signature_md");
  return context;
}

/// The OpenSSL contexts with which one thread verifies signatures, most recently used first. A
/// context keeps its OpenSSL key alive, so a reload of the configuration may destroy the set of
/// keys. Contexts of old keys stay here until contexts of newer keys replace them.
class VerifyContexts {
 public:
  EVP_PKEY_CTX* of(const PlatformKeys::Key& key) {
    const auto known = std::ranges::find(entries_, key.number, &Entry::key_number);
    if (known != entries_.end()) {
      std::rotate(entries_.begin(), known, known + 1);
    } else {
      PkeyContextPtr context = make_context(key.rsa.get());
      if (entries_.size() == kEntriesMax) entries_.pop_back();
      entries_.insert(entries_.begin(), Entry{key.number, std::move(context)});
    }
    return entries_.front().context.get();
  }

 private:
  static constexpr std::size_t kEntriesMax = 16;

  struct Entry {
    std::uint64_t key_number;
    PkeyContextPtr context;
  };
  std::vector<Entry> entries_;
};

}  // namespace

bool rsa_verify(const PlatformKeys::Key& key, const Sha256& digest, std::string_view signature) {
  thread_local VerifyContexts contexts;
  const int answer =
      EVP_PKEY_verify(contexts.of(key), reinterpret_cast<const unsigned char*>(signature.data()),
                      signature.size(), digest.data(), digest.size());
  // OpenSSL returns zero for a wrong signature, and a negative number if it could not check the
  // signature at all. In both cases the signature is refused.
  if (answer == 1) return true;
  ERR_clear_error();
  return false;
}

}  // namespace couponhook::crypto
