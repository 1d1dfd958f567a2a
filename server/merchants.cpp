#include "server/merchants.hpp"

#include <algorithm>

#include "server/file.hpp"

namespace couponhook::server {
namespace {

void load_certificates(const MerchantConfig& config, std::chrono::sys_seconds now,
                       Merchant& merchant, std::vector<Problem>& problems) {
  for (const auto& pattern : config.platform_certificates) {
    const auto files = expand_path(pattern);
    if (files.empty()) {
      problems.push_back({pattern.string(),
                          "matches no platform certificate; put the PEM file there "
                          "or correct platform_certificates"});
    }
    for (const auto& file : files) {
      const auto pem = read_file(file);
      if (!pem) {
        problems.push_back({file.string(), pem.error()});
        continue;
      }
      const auto added = merchant.platform_keys.add_certificate(pem->reveal());
      if (!added && added.error() != crypto::KeyError::kDuplicate) {
        problems.push_back({file.string(), std::string(crypto::describe(added.error()))});
      } else if (added && added->expires_at && *added->expires_at < now) {
        problems.push_back({file.string(), "the platform certificate with serial " + added->serial +
                                               " has expired; remove the file"});
      }
    }
  }
}

void load_public_keys(const MerchantConfig& config, Merchant& merchant,
                      std::vector<Problem>& problems) {
  for (const PlatformPublicKeyConfig& key : config.platform_public_keys) {
    const auto pem = read_file(key.file);
    if (!pem) {
      problems.push_back({key.file.string(), pem.error()});
      continue;
    }
    const auto added = merchant.platform_keys.add_public_key(key.id, pem->reveal());
    if (!added) {
      problems.push_back({key.file.string(), std::string(crypto::describe(added.error()))});
    }
  }
}

void load_ciphers(const MerchantConfig& config, Merchant& merchant,
                  std::vector<Problem>& problems) {
  for (const auto& file : config.api_v3_key_files) {
    auto content = read_file(file, 4096);
    if (!content) {
      problems.push_back({file.string(), content.error()});
      continue;
    }
    auto cipher = crypto::api_v3_cipher(std::move(*content));
    if (cipher) {
      merchant.ciphers.push_back(std::move(*cipher));
    } else {
      problems.push_back({file.string(), cipher.error()});
    }
  }
}

}  // namespace

const Merchant* Merchants::find_path(std::string_view path) const {
  const auto found = std::ranges::find(merchants_, path, &Merchant::path);
  return found == merchants_.end() ? nullptr : &*found;
}

std::shared_ptr<const Merchants> load_merchants(const Config& config, std::chrono::sys_seconds now,
                                                std::vector<Problem>& problems) {
  std::vector<Merchant> merchants;
  for (const MerchantConfig& entry : config.merchants) {
    Merchant merchant{entry.mchid, entry.path, entry.timestamp_tolerance, {}, {}};
    load_certificates(entry, now, merchant, problems);
    load_public_keys(entry, merchant, problems);
    load_ciphers(entry, merchant, problems);
    merchants.push_back(std::move(merchant));
  }
  return std::make_shared<const Merchants>(std::move(merchants));
}

}  // namespace couponhook::server
