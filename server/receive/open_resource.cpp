#include "server/receive/open_resource.hpp"

#include <string_view>
#include <utility>

namespace couponhook::server {
namespace {

constexpr std::string_view kOpenableAlgorithm = "AEAD_AES_256_GCM";

}  // namespace

boost::system::result<OpenedResource, std::string> open_resource(
    const handlers::SealedResource& resource, std::span<const crypto::ResourceCipher> ciphers) {
  using Result = boost::system::result<OpenedResource, std::string>;
  if (resource.algorithm != kOpenableAlgorithm) {
    return Result(boost::system::in_place_error, "resource.algorithm is not AEAD_AES_256_GCM");
  }
  std::string reason = "no APIv3 key is configured";
  for (std::size_t i = 0; i < ciphers.size(); ++i) {
    auto plaintext = ciphers[i].open(resource.nonce, resource.associated_data, resource.ciphertext);
    if (plaintext) return OpenedResource{std::move(*plaintext), i};
    reason = crypto::describe(plaintext.error());
  }
  return Result(boost::system::in_place_error, std::move(reason));
}

}  // namespace couponhook::server
