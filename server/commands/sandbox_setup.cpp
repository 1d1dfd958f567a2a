#include "server/commands/sandbox_setup.hpp"

#include <ctime>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/file.hpp"
#include "crypto/pem.hpp"
#include "crypto/platform_keys.hpp"
#include "crypto/resource_cipher.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server::sandbox {
namespace {

/// Returns the start of the validity of a certificate. The caller has checked that `pem` is a
/// certificate.
Time begin_of_validity(std::string_view pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  std::tm utc{};
  if (certificate == nullptr ||
      ASN1_TIME_to_tm(X509_get0_notBefore(certificate.get()), &utc) != 1) {
    return {};
  }
  return Time(std::chrono::seconds(timegm(&utc)));
}

/// The public part of the key with which the sandbox signs, as the merchant's configuration
/// contains it.
struct PublicHalf {
  std::string serial;
  std::string certificate;
  std::string public_key;
  Time effective_at;
  Time expires_at;
};

std::optional<PublicHalf> match_certificate(const std::filesystem::path& file,
                                            const crypto::Signer& signer, Time now) {
  const auto pem = crypto::read_file(file);
  if (!pem) return std::nullopt;
  for (const crypto::PemBlock& block : crypto::read_pem(pem->reveal()).blocks) {
    crypto::PlatformKeys only;
    const auto info = only.add_certificate(block.text);
    if (!info || find_serial(signer, only, now).empty()) continue;
    return PublicHalf{info->serial,
                      block.text,
                      {},
                      begin_of_validity(block.text),
                      info->expires_at.value_or(now)};
  }
  return std::nullopt;
}

std::optional<PublicHalf> match_public_key(const PlatformPublicKeyConfig& config,
                                           const crypto::Signer& signer, Time now) {
  const auto pem = crypto::read_file(config.file);
  if (!pem) return std::nullopt;
  crypto::PlatformKeys only;
  const auto info = only.add_public_key(config.id, pem->reveal());
  if (!info || find_serial(signer, only, now).empty()) return std::nullopt;
  return PublicHalf{info->serial, {}, std::string(pem->reveal()), now, now};
}

std::optional<PublicHalf> match(const Config& config, const crypto::Signer& signer, Time now) {
  for (const MerchantConfig& merchant : config.merchants) {
    for (const auto& pattern : merchant.platform_certificates) {
      for (const auto& file : crypto::expand_path(pattern)) {
        if (auto half = match_certificate(file, signer, now)) return half;
      }
    }
    for (const PlatformPublicKeyConfig& public_key : merchant.platform_public_keys) {
      if (auto half = match_public_key(public_key, signer, now)) return half;
    }
  }
  return std::nullopt;
}

PlatformKeyPtr load_first_key(const Config& config, Time now, std::vector<Problem>& problems) {
  const auto file = config.directory / "development" / "platform_key.pem";
  const auto refuse = [&](const std::string& why) {
    problems.push_back({file.string(), why});
    return nullptr;
  };
  auto pem = crypto::read_file(file);
  if (!pem) {
    return refuse(pem.error().text() +
                  "; the sandbox signs with the development key that `couponhook init` makes");
  }
  auto signer = crypto::Signer::from_pem(*pem);
  if (!signer) return refuse(signer.error().text());
  auto half = match(config, *signer, now);
  if (!half) {
    return refuse(
        "belongs to no live platform key of any merchant, so the service would refuse "
        "what it signs; configure the certificate that `couponhook init` made with it");
  }
  return std::make_shared<const PlatformKey>(PlatformKey{
      std::move(half->serial), std::move(half->certificate), std::move(half->public_key),
      std::move(*pem), std::move(*signer), half->effective_at, half->expires_at});
}

std::optional<crypto::Secret> read_api_v3_key(const MerchantConfig& merchant,
                                              std::vector<Problem>& problems) {
  const auto& file = merchant.api_v3_key_files.front();
  auto line = crypto::read_secret_line(file);
  if (!line) {
    problems.push_back({file.string(), line.error().text()});
  } else if (line->size() != crypto::kApiV3KeyBytes) {
    problems.push_back({file.string(), "holds " + std::to_string(line->size()) +
                                           " bytes; an APIv3 key has " +
                                           std::to_string(crypto::kApiV3KeyBytes)});
  } else {
    return std::move(*line);
  }
  return std::nullopt;
}

void add_api(const MerchantApiConfig& api, const std::string& mchid, Platform& platform,
             std::vector<Problem>& problems) {
  const auto pem = crypto::read_file(api.private_key_file);
  auto key = pem ? crypto::RsaPublicKey::of_private_key(*pem)
                 : boost::system::result<crypto::RsaPublicKey, std::string>(pem.error().text());
  if (key) {
    platform.api_keys.emplace(mchid, ApiKey{api.certificate_serial, std::move(*key)});
  } else {
    problems.push_back({api.private_key_file.string(), key.error()});
  }
  if (api.api_v2_key_file.empty()) return;
  auto api_v2_key = crypto::read_secret_line(api.api_v2_key_file);
  if (api_v2_key) {
    platform.accounts.at(mchid).api_v2_key = std::move(*api_v2_key);
  } else {
    problems.push_back({api.api_v2_key_file.string(), api_v2_key.error().text()});
  }
}

}  // namespace

std::unique_ptr<Platform> make_platform(const Config& config, PlatformOptions options, Time now,
                                        std::vector<Problem>& problems) {
  const std::size_t problems_before = problems.size();
  PlatformKeyPtr first = load_first_key(config, now, problems);
  if (first == nullptr) return nullptr;
  auto platform = std::make_unique<Platform>(std::move(options), std::move(first));
  for (const MerchantConfig& merchant : config.merchants) {
    auto api_v3_key = read_api_v3_key(merchant, problems);
    if (!api_v3_key) continue;
    platform->accounts[merchant.mchid].api_v3_key = std::move(*api_v3_key);
    if (merchant.api) add_api(*merchant.api, merchant.mchid, *platform, problems);
  }
  if (problems.size() != problems_before) return nullptr;
  return platform;
}

}  // namespace couponhook::server::sandbox
