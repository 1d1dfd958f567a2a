#include "server/outbound/api_account.hpp"

#include <optional>

#include "crypto/file.hpp"
#include "server/config/pasted_ids.hpp"
#include "server/config/reload_units.hpp"

namespace couponhook::server {
namespace {

std::optional<crypto::Signer> load_signer(const std::filesystem::path& file,
                                          const std::string& where,
                                          std::vector<Problem>& problems) {
  const std::string named = where + "private_key_file: " + file.string();
  const auto pem = crypto::read_file(file);
  if (!pem) {
    problems.push_back({named, pem.error().text()});
    return std::nullopt;
  }
  auto signer = crypto::Signer::from_pem(*pem);
  if (signer) return std::move(*signer);
  problems.push_back({named, signer.error().text()});
  return std::nullopt;
}

/// Returns the id of the platform public key with which WeChat Pay is asked to sign its replies;
/// empty if no public key is configured. A public key is preferred to a platform certificate,
/// because a public key does not expire.
std::string first_public_key(const MerchantConfig& entry) {
  return entry.platform_public_keys.empty() ? std::string() : entry.platform_public_keys.front().id;
}

/// Opens the files that the [merchant.api] table of the configuration names. The caller must check
/// that platform keys are loaded.
std::unique_ptr<ApiAccount> open_account(const Config& config, const MerchantConfig& entry,
                                         Merchant merchant, std::vector<Problem>& problems) {
  const std::size_t problems_before = problems.size();
  const std::string where = config.file.string() + ": merchant " + entry.mchid + ": api.";
  auto signer = load_signer(entry.api->private_key_file, where, problems);
  if (auto why = explain_certificate_serial(entry.api->certificate_serial); !why.empty()) {
    problems.push_back({where + "certificate_serial", std::move(why)});
  }
  auto tls = make_client_tls(entry.api->ca_file);
  if (!tls) problems.push_back({where + "ca_file", tls.error().text()});
  if (problems.size() != problems_before) return nullptr;
  return std::make_unique<ApiAccount>(ApiAccount{
      {entry.mchid, entry.api->certificate_serial, std::move(*signer), first_public_key(entry)},
      std::move(merchant),
      *entry.api,
      std::move(*tls)});
}

}  // namespace

std::string live_platform_serial(const ApiAccount& account, std::chrono::sys_seconds now) {
  if (!account.caller.public_key_id.empty()) return account.caller.public_key_id;
  for (const crypto::KeyInfo& key : account.merchant.platform_keys.list()) {
    if (!key.expires_at || *key.expires_at >= now) return key.serial;
  }
  return {};
}

std::unique_ptr<ApiAccount> load_api_account(const Config& config, const MerchantConfig& entry,
                                             std::vector<Problem>& problems) {
  const std::string merchant_name = config.file.string() + ": merchant " + entry.mchid;
  if (!entry.api) {
    problems.push_back({merchant_name,
                        "has no [merchant.api]; calls to WeChat Pay need its private_key_file and "
                        "certificate_serial"});
    return nullptr;
  }
  const std::size_t problems_before = problems.size();
  Merchant merchant = load_merchant(config, entry, {}, problems);
  auto account = open_account(config, entry, std::move(merchant), problems);
  if (problems.size() != problems_before) return nullptr;
  return account;
}

std::unique_ptr<ApiAccount> load_service_account(const Config& config, const MerchantConfig& entry,
                                                 FetchedSpan fetched,
                                                 std::vector<Problem>& problems) {
  std::vector<Problem> of_keys;
  Merchant merchant = load_merchant(config, entry, fetched, of_keys);
  if (merchant.ciphers.empty()) {
    problems.insert(problems.end(), of_keys.begin(), of_keys.end());
    return nullptr;
  }
  return open_account(config, entry, std::move(merchant), problems);
}

void check_api_files(const Config& config, const MerchantConfig& entry,
                     std::vector<Problem>& problems) {
  const MerchantApiConfig& api = *entry.api;
  const std::size_t problems_before = problems.size();
  const std::string where = config.file.string() + ": merchant " + entry.mchid + ": api.";
  // An empty path was already reported as a problem when the configuration was read.
  if (!api.private_key_file.empty()) {
    static_cast<void>(load_signer(api.private_key_file, where, problems));
  }
  if (!api.api_v2_key_file.empty()) {
    if (const auto key = crypto::read_secret_line(api.api_v2_key_file); !key) {
      problems.push_back(
          {where + "api_v2_key_file: " + api.api_v2_key_file.string(), key.error().text()});
    }
  }
  if (const auto tls = make_client_tls(api.ca_file); !tls) {
    problems.push_back({where + "ca_file", tls.error().text()});
  }
  assign_to_unit(problems, problems_before, merchant_api_unit(entry.mchid));
}

}  // namespace couponhook::server
