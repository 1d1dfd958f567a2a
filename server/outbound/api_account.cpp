#include "server/outbound/api_account.hpp"

#include <optional>

#include "server/config/pasted_ids.hpp"
#include "server/file.hpp"

namespace couponhook::server {
namespace {

std::optional<crypto::Signer> load_signer(const std::filesystem::path& file,
                                          const std::string& where,
                                          std::vector<Problem>& problems) {
  const std::string named = where + "private_key_file: " + file.string();
  const auto pem = read_file(file);
  if (!pem) {
    problems.push_back({named, pem.error()});
    return std::nullopt;
  }
  auto signer = crypto::Signer::from_pem(*pem);
  if (signer) return std::move(*signer);
  problems.push_back({named, signer.error()});
  return std::nullopt;
}

/// Once a public key is configured, replies are asked for under it: it does not expire.
std::string first_public_key(const MerchantConfig& entry) {
  return entry.platform_public_keys.empty() ? std::string() : entry.platform_public_keys.front().id;
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
  const std::string where = merchant_name + ": api.";
  auto signer = load_signer(entry.api->private_key_file, where, problems);
  if (auto why = explain_certificate_serial(entry.api->certificate_serial); !why.empty()) {
    problems.push_back({where + "certificate_serial", std::move(why)});
  }
  auto tls = make_client_tls(entry.api->ca_file);
  if (!tls) problems.push_back({where + "ca_file", tls.error()});
  Merchant merchant = load_merchant(config, entry, problems);
  if (problems.size() != problems_before) return nullptr;
  return std::make_unique<ApiAccount>(ApiAccount{
      {entry.mchid, entry.api->certificate_serial, std::move(*signer), first_public_key(entry)},
      std::move(merchant),
      *entry.api,
      std::move(*tls)});
}

}  // namespace couponhook::server
