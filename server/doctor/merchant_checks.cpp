#include <algorithm>

#include "crypto/file.hpp"
#include "server/admin/admin_json.hpp"
#include "server/config/pasted_ids.hpp"
#include "server/doctor/certificate_facts.hpp"
#include "server/doctor/checks.hpp"

namespace couponhook::server {
namespace {

/// Warning time before the end of a platform certificate that nothing renews automatically;
/// `doctor` uses the same time. WeChat Pay's next certificate can be downloaded by hand ten days
/// before the end.
constexpr std::chrono::days kRolloverNotice{30};
/// Warning time before the end of a platform certificate, if certificates are downloaded
/// automatically. WeChat Pay's documentation says that the next certificate is available this long
/// before the end. If less time is left, the download has failed.
constexpr std::chrono::days kFetchedNotice{10};
constexpr std::size_t kApiV2KeySize = 32;
constexpr std::string_view kDecimalDigits = "0123456789";

void check_live_keys(const MerchantConfig& config, const Merchant& merchant,
                     const std::string& where, std::chrono::sys_seconds now,
                     CheckFindings& findings) {
  // The unusable file of the APIv3 key was already reported when it was loaded.
  if (merchant.ciphers.empty()) return;
  if (!has_live_key(merchant, now)) {
    // If no certificates are downloaded, load_merchants() has already reported the missing key.
    if (!config.fetches_certificates()) return;
    findings.error(where + "keys",
                   "no platform certificate or public key is live, so that nothing can be "
                   "verified; run `couponhook certificates fetch`, or configure "
                   "[[merchant.platform_public_key]]");
    return;
  }
  std::chrono::sys_seconds last{};
  for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
    if (!key.expires_at) return;  // a platform public key does not expire
    last = std::max(last, *key.expires_at);
  }
  const bool fetches = config.fetches_certificates();
  if (last >= now + (fetches ? kFetchedNotice : kRolloverNotice)) return;
  findings.warn(where + "platform_certificates",
                "the last one expires " + date_of(last) + ", and notifications are refused then; " +
                    (fetches ? "the next has not been fetched: see certificate_fetches in GET "
                               "/status, or run `couponhook certificates fetch`"
                             : "nothing fetches the next: set [merchant.api] "
                               "certificate_refresh_minutes = 60, or run `couponhook "
                               "certificates fetch`"));
}

std::vector<CertificateFacts> platform_certificates(const MerchantConfig& config) {
  std::vector<CertificateFacts> all;
  std::vector<std::filesystem::path> patterns = config.platform_certificates;
  if (config.api) patterns.push_back(config.api->certificate_directory);
  for (const auto& pattern : patterns) {
    for (const auto& file : crypto::expand_path(pattern)) {
      std::ranges::move(certificate_facts(file), std::back_inserter(all));
    }
  }
  return all;
}

void check_platform_files(const MerchantConfig& config, const std::string& where,
                          std::chrono::sys_seconds now, CheckFindings& findings) {
  const std::string own =
      config.api ? private_key_digest(config.api->private_key_file) : std::string();
  for (const CertificateFacts& certificate : platform_certificates(config)) {
    if (!own.empty() && certificate.key_digest == own) {
      findings.error(where + "platform_certificates: " + certificate.file,
                     "is the merchant's own certificate, which cannot verify WeChat Pay's "
                     "signatures; get WeChat Pay's with `couponhook certificates fetch`");
    } else if (certificate.begins_at > now) {
      findings.warn(
          where + "platform_certificates: " + certificate.file,
          "is not valid before " + date_of(certificate.begins_at) + "; check this machine's clock");
    }
  }
  for (const PlatformPublicKeyConfig& key : config.platform_public_keys) {
    if (!own.empty() && public_key_digest(key.file) == own) {
      findings.error(where + "platform_public_key: " + key.file.string(),
                     "is the merchant's own public key, which cannot verify WeChat Pay's "
                     "signatures; download the WeChat Pay public key from the console");
    }
  }
}

void check_numbers(const MerchantConfig& config, const std::string& where,
                   CheckFindings& findings) {
  constexpr std::size_t kPrefixSize = std::string_view("PUB_KEY_ID_").size();
  if (config.mchid.find_first_not_of(kDecimalDigits) != std::string::npos) {
    findings.warn(where + "mchid",
                  "has characters other than digits: is a letter O used instead of a zero?");
  }
  for (const PlatformPublicKeyConfig& key : config.platform_public_keys) {
    if (key.id.find_first_not_of(kDecimalDigits, std::min(kPrefixSize, key.id.size())) !=
        std::string::npos) {
      findings.warn(where + "platform_public_key.id",
                    "\"" + key.id +
                        "\" has characters other than digits after PUB_KEY_ID_: is a letter O used "
                        "instead of a zero?");
    }
  }
}

void check_api_v2_key(const MerchantApiConfig& api, const std::string& where,
                      CheckFindings& findings) {
  if (api.api_v2_key_file.empty()) return;
  const auto key = crypto::read_secret_line(api.api_v2_key_file);
  if (!key || key->size() == kApiV2KeySize) return;
  findings.warn(where + "api.api_v2_key_file: " + api.api_v2_key_file.string(),
                "has " + std::to_string(key->size()) +
                    " characters, and an APIv2 key has 32 letters and digits: quotes around it, "
                    "or only a part?");
}

}  // namespace

std::filesystem::path find_api_certificate(const MerchantApiConfig& api) {
  std::error_code ec;
  std::string name = api.private_key_file.filename().string();
  const std::size_t key_at = name.rfind("key");
  if (key_at != std::string::npos) name.replace(key_at, 3, "cert");
  for (const std::string& candidate : {name, std::string("apiclient_cert.pem")}) {
    auto file = api.private_key_file.parent_path() / candidate;
    if (candidate != api.private_key_file.filename() && std::filesystem::exists(file, ec)) {
      return file;
    }
  }
  return {};
}

void check_api_identity(const MerchantConfig& merchant, const crypto::PlatformKeys& platform_keys,
                        const std::string& where, std::chrono::sys_seconds now,
                        CheckFindings& findings) {
  const MerchantApiConfig& api = *merchant.api;
  // The missing certificate serial was already reported as a problem.
  if (api.certificate_serial.empty()) return;
  const std::string key = where + "api.certificate_serial";
  if (const auto why = explain_certificate_serial(api.certificate_serial); !why.empty()) {
    findings.error(key, why);
    return;
  }
  if (platform_keys.find(api.certificate_serial) != nullptr) {
    findings.error(key,
                   "is the serial of WeChat Pay's platform certificate, not of the "
                   "merchant's own API certificate; " +
                       std::string(kSerialRemedy));
    return;
  }
  const auto file = find_api_certificate(api);
  const auto certificates =
      file.empty() ? std::vector<CertificateFacts>() : certificate_facts(file);
  if (certificates.empty()) {
    if (looks_decimal(api.certificate_serial)) {
      findings.warn(key,
                    "has decimal digits only, and looks like a decimal number; the serial is "
                    "hexadecimal: " +
                        std::string(kSerialRemedy));
    }
    return;
  }
  const CertificateFacts& own = certificates.front();
  const std::string digest = private_key_digest(api.private_key_file);
  if (!digest.empty() && own.key_digest != digest) {
    findings.error(where + "api.private_key_file: " + api.private_key_file.string(),
                   "does not belong to the certificate in " + own.file);
  } else if (!crypto::is_same_serial(own.serial, api.certificate_serial)) {
    findings.error(key, "is " + api.certificate_serial + ", and the certificate in " + own.file +
                            " has " + own.serial + "; write that");
  } else if (own.expires_at < now + kRolloverNotice) {
    findings.warn(key, "is of a certificate that expires " + date_of(own.expires_at) +
                           ", after which WeChat Pay refuses every call; apply for a new one in "
                           "the console");
  }
}

void check_merchants(const Config& config, const Merchants& merchants, std::chrono::sys_seconds now,
                     CheckFindings& findings) {
  for (const MerchantConfig& merchant : config.merchants) {
    const Merchant* const loaded = merchants.find_mchid(merchant.mchid);
    // The reason why this merchant is unusable was already reported.
    if (loaded == nullptr) continue;
    const std::string where = config.file.string() + ": merchant " + merchant.mchid + ": ";
    check_live_keys(merchant, *loaded, where, now, findings);
    check_platform_files(merchant, where, now, findings);
    check_numbers(merchant, where, findings);
    if (!merchant.api) continue;
    check_api_identity(merchant, loaded->platform_keys, where, now, findings);
    check_api_v2_key(*merchant.api, where, findings);
  }
}

}  // namespace couponhook::server
