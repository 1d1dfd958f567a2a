#include "server/receive/merchants.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "crypto/file.hpp"
#include "crypto/pem.hpp"
#include "server/config/reload_units.hpp"
#include "wechatpay/certificate_files.hpp"

namespace couponhook::server {
namespace {

/// Collects the problems of one merchant's key files. Each problem gives the name of the setting
/// that contains the file's path.
class FileReport {
 public:
  FileReport(const Config& config, const MerchantConfig& merchant, std::vector<Problem>& problems)
      : prefix_(config.file.string() + ": merchant " + merchant.mchid + ": "),
        problems_(problems) {}

  void operator()(std::string_view key, const std::filesystem::path& file, std::string message) {
    problems_.push_back({prefix_ + std::string(key) + ": " + file.string(), std::move(message)});
  }
  void operator()(std::string message) {
    problems_.push_back({prefix_ + "keys", std::move(message)});
  }

 private:
  std::string prefix_;
  std::vector<Problem>& problems_;
};

/// Adds the platform certificates of a PEM file to a merchant. An expired certificate is not an
/// error: expired certificates stay in the folder after every change of keys, and signatures made
/// with an expired certificate are refused.
/// \return one message for each fault in the file.
std::vector<std::string> add_certificates(const std::filesystem::path& file, Merchant& merchant) {
  const auto pem = crypto::read_file(file);
  if (!pem) return {pem.error().text()};
  return merchant.platform_keys.add_certificates(pem->reveal()).faults;
}

/// Explains why a configured path matches no certificate file: the user of this process may not
/// read one of the folders in the path, or the file does not exist.
std::string explain_no_files(const std::filesystem::path& pattern) {
  for (std::filesystem::path place = pattern; place.has_relative_path();
       place = place.parent_path()) {
    if (::access(place.c_str(), R_OK) != 0 && errno == EACCES) {
      return place.string() + ": " + crypto::no_access().text();
    }
  }
  return "matches no platform certificate; put the PEM file there or correct the path";
}

void load_certificates(const MerchantConfig& config, Merchant& merchant, FileReport& report) {
  constexpr std::string_view kKey = "platform_certificates";
  for (const auto& pattern : config.platform_certificates) {
    const auto files = crypto::expand_path(pattern);
    if (files.empty()) report(kKey, pattern, explain_no_files(pattern));
    for (const auto& file : files) {
      for (std::string& error_text : add_certificates(file, merchant)) {
        report(kKey, file, std::move(error_text));
      }
    }
  }
  std::error_code ec;
  // If certificate_directory is not a folder, fetched certificates cannot be stored in files, but
  // they are still used. The code that stores certificates reports the error.
  if (!config.api || !std::filesystem::is_directory(config.api->certificate_directory, ec)) return;
  for (const auto& file : crypto::expand_path(config.api->certificate_directory)) {
    // A damaged certificate in a file is not an error if certificates are fetched from WeChat Pay:
    // this certificate will be fetched again.
    const bool is_kept = config.fetches_certificates() &&
                         wechatpay::is_certificate_file_name(file.filename().string());
    for (std::string& error_text : add_certificates(file, merchant)) {
      if (!is_kept) report("api.certificate_directory", file, std::move(error_text));
    }
  }
}

void load_public_keys(const MerchantConfig& config, Merchant& merchant, FileReport& report) {
  for (const PlatformPublicKeyConfig& key : config.platform_public_keys) {
    const auto pem = crypto::read_file(key.file);
    if (!pem) {
      report("platform_public_key", key.file, pem.error().text());
      continue;
    }
    const auto added = merchant.platform_keys.add_public_key(key.id, pem->reveal());
    // A wrong id of a public key was already reported when the configuration was read.
    if (added || added.error() == crypto::KeyError::kBadId) continue;
    std::string why(crypto::describe(added.error()));
    if (added.error() == crypto::KeyError::kNotPem) {
      why = crypto::describe_content(pem->reveal()) + ", and has to hold one public key (" + why +
            ")";
    }
    report("platform_public_key", key.file, std::move(why));
  }
}

void load_ciphers(const MerchantConfig& config, Merchant& merchant, FileReport& report) {
  for (const auto& file : config.api_v3_key_files) {
    auto content = crypto::read_file(file, 4096);
    if (!content) {
      report("api_v3_key_files", file, content.error().text());
      continue;
    }
    auto cipher = crypto::api_v3_cipher(std::move(*content));
    if (cipher) {
      merchant.ciphers.push_back(std::move(*cipher));
    } else {
      report("api_v3_key_files", file, cipher.error().text());
    }
  }
}

}  // namespace

bool has_live_key(const Merchant& merchant, std::chrono::sys_seconds now) {
  return !merchant.ciphers.empty() &&
         std::ranges::any_of(merchant.platform_keys.list(), [&](const crypto::KeyInfo& key) {
           return !key.expires_at || *key.expires_at >= now;
         });
}

Merchants::Merchants(std::vector<Merchant> merchants) {
  for (Merchant& merchant : merchants) {
    merchants_.push_back(std::make_shared<const Merchant>(std::move(merchant)));
  }
}

const Merchant* Merchants::find_path(std::string_view path) const {
  for (const auto& merchant : merchants_) {
    if (merchant->path == path) return merchant.get();
  }
  return nullptr;
}

const Merchant* Merchants::find_mchid(std::string_view mchid) const {
  for (const auto& merchant : merchants_) {
    if (merchant->mchid == mchid) return merchant.get();
  }
  return nullptr;
}

Merchant load_merchant(const Config& config, const MerchantConfig& entry, FetchedSpan fetched,
                       std::vector<Problem>& problems) {
  Merchant merchant{entry.mchid, entry.path, entry.timestamp_tolerance, {}, {}};
  const std::size_t problems_before = problems.size();
  FileReport report(config, entry, problems);
  load_certificates(entry, merchant, report);
  for (const wechatpay::PlatformCertificate& certificate : fetched) {
    // Adding a fetched certificate fails only if a file holds the same certificate. The certificate
    // itself is valid: it was verified when it was fetched.
    static_cast<void>(merchant.platform_keys.add_certificate(certificate.pem));
  }
  load_public_keys(entry, merchant, report);
  load_ciphers(entry, merchant, report);
  assign_to_unit(problems, problems_before, merchant_unit(entry.mchid));
  return merchant;
}

Merchant load_live_merchant(const Config& config, const MerchantConfig& entry, FetchedSpan fetched,
                            std::chrono::sys_seconds now, std::vector<Problem>& problems) {
  const std::size_t problems_before = problems.size();
  Merchant merchant = load_merchant(config, entry, fetched, problems);
  if (problems.size() == problems_before && !has_live_key(merchant, now) &&
      !entry.fetches_certificates()) {
    FileReport report(config, entry, problems);
    report("no platform certificate or public key is live: give one that has not expired");
    assign_to_unit(problems, problems_before, merchant_unit(entry.mchid));
  }
  return merchant;
}

std::shared_ptr<const Merchants> load_merchants(const Config& config, std::chrono::sys_seconds now,
                                                std::vector<Problem>& problems) {
  std::vector<Merchant> merchants;
  for (const MerchantConfig& entry : config.merchants) {
    merchants.push_back(load_live_merchant(config, entry, {}, now, problems));
  }
  return std::make_shared<const Merchants>(std::move(merchants));
}

}  // namespace couponhook::server
