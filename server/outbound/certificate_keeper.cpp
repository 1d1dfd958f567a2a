#include "server/outbound/certificate_keeper.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <pthread.h>

#include "server/outbound/certificate_folder.hpp"
#include "server/outbound/certificate_refresh.hpp"

namespace couponhook::server {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPollInterval{1};
constexpr std::string_view kPublicKeyPrefix = "PUB_KEY_ID_";

template <typename AllCertificates>
auto find_certificates(AllCertificates& all_certificates, std::string_view mchid) {
  return std::ranges::find(
      all_certificates, mchid,
      [](const auto& certificates) -> std::string_view { return certificates.merchant.mchid; });
}

std::chrono::minutes interval_of(const MerchantConfig& merchant) {
  return std::chrono::minutes(merchant.api->certificate_refresh_minutes);
}

}  // namespace

CertificateKeeper::MerchantCertificates::MerchantCertificates(const MerchantConfig& config)
    : merchant(config),
      schedule(interval_of(config)),
      upkeep{config.mchid, config.api->certificate_directory.string()} {}

CertificateKeeper::CertificateKeeper(Config config, base::WallClock clock,
                                     crypto::RandomSource random, std::shared_ptr<CallPace> pace,
                                     FetchedCertificates& fetched,
                                     std::function<void(const std::string&)> on_change, Log& log)
    : config_(std::move(config)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      pace_(std::move(pace)),
      fetched_(fetched),
      on_change_(std::move(on_change)),
      log_(log),
      merchants_(certificates_of(config_)) {}

CertificateKeeper::~CertificateKeeper() = default;

std::list<CertificateKeeper::MerchantCertificates> CertificateKeeper::certificates_of(
    const Config& config) {
  std::list<MerchantCertificates> all_certificates;
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.fetches_certificates()) all_certificates.emplace_back(merchant);
  }
  return all_certificates;
}

void CertificateKeeper::start() {
  if (!merchants_.empty()) start_thread();
}

void CertificateKeeper::start_thread() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void CertificateKeeper::reconfigure(Config config) {
  const bool has_work =
      std::ranges::any_of(config.merchants, &MerchantConfig::fetches_certificates);
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(config);
  }
  if (has_work && !thread_.joinable()) start_thread();
}

void CertificateKeeper::adopt_next_config() {
  const std::lock_guard lock(mutex_);
  if (!next_) return;
  config_ = std::move(*next_);
  next_.reset();
  std::list<MerchantCertificates> all_certificates = certificates_of(config_);
  for (MerchantCertificates& certificates : all_certificates) {
    const auto known = find_certificates(merchants_, certificates.merchant.mchid);
    if (known == merchants_.end()) continue;
    const bool has_changed = certificates.merchant.api != known->merchant.api;
    certificates.schedule =
        CertificateSchedule(interval_of(certificates.merchant), known->schedule, has_changed);
    const std::string directory = std::move(certificates.upkeep.directory);
    certificates.upkeep = known->upkeep;
    certificates.upkeep.directory = directory;
  }
  merchants_ = std::move(all_certificates);
}

void CertificateKeeper::serial_unknown(std::string_view mchid, std::string_view serial) {
  // A platform public key cannot be downloaded through the API: the merchant downloads it from
  // WeChat Pay's merchant console.
  if (serial.starts_with(kPublicKeyPrefix)) return;
  const std::lock_guard lock(mutex_);
  const auto certificates = find_certificates(merchants_, mchid);
  if (certificates != merchants_.end()) certificates->schedule.ask();
}

std::vector<CertificateStatus> CertificateKeeper::upkeep() const {
  const std::lock_guard lock(mutex_);
  std::vector<CertificateStatus> all;
  for (const MerchantCertificates& certificates : merchants_) all.push_back(certificates.upkeep);
  return all;
}

void CertificateKeeper::work(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "certificates");
  const Pause pause = stoppable_pause(stop);
  do {
    adopt_next_config();
    for (MerchantCertificates& certificates : merchants_) {
      if (!stop.stop_requested()) maintain(certificates, stop);
    }
  } while (pause(kPollInterval));
}

void CertificateKeeper::maintain(MerchantCertificates& certificates, const std::stop_token& stop) {
  const auto take = [&](bool (CertificateSchedule::*is_due)(steady_clock::time_point)) {
    const std::lock_guard lock(mutex_);
    return (certificates.schedule.*is_due)(steady_clock::now());
  };
  try {
    if (take(&CertificateSchedule::take_fetch)) refresh(certificates, stop);
    if (take(&CertificateSchedule::take_keep)) keep(certificates);
  } catch (const std::exception& error) {
    {
      const std::lock_guard lock(mutex_);
      certificates.schedule.fetch_failed(steady_clock::now(), false);
      certificates.schedule.keep_failed(steady_clock::now());
      ++certificates.upkeep.fetch_failures;
      certificates.upkeep.fetch_error = error.what();
    }
    log_.message(Severity::kError, "certificates_not_fetched", error.what());
  }
}

void CertificateKeeper::note_fetch_failure(MerchantCertificates& certificates,
                                           const std::string& why) {
  const MerchantConfig& merchant = certificates.merchant;
  const bool has_none = merchant.platform_certificates.empty() &&
                        merchant.platform_public_keys.empty() &&
                        fetched_.of(merchant.mchid).empty() &&
                        read_certificate_folder(merchant.api->certificate_directory).empty();
  {
    const std::lock_guard lock(mutex_);
    certificates.schedule.fetch_failed(steady_clock::now(), has_none);
    ++certificates.upkeep.fetch_failures;
    certificates.upkeep.fetch_error = why;
  }
  log_.message(Severity::kWarning, "certificates_not_fetched",
               "merchant " + merchant.mchid + ": " + why + "; the stored certificates stay in use");
}

void CertificateKeeper::refresh(MerchantCertificates& certificates, const std::stop_token& stop) {
  const MerchantConfig& merchant = certificates.merchant;
  std::vector<Problem> problems;
  const auto known = fetched_.of(merchant.mchid);
  std::unique_ptr<const ApiAccount> account =
      load_service_account(config_, merchant, known, problems);
  if (!account) {
    return note_fetch_failure(certificates,
                              problems.front().where + ": " + problems.front().message);
  }
  ApiClient client(std::move(account), {clock_, random_, stoppable_pause(stop), stop, pace_});
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  auto merge = fetch_certificates(client, known, now);
  if (!merge && stop.stop_requested()) return;
  if (!merge && merge.error().public_key_merchant) {
    {
      const std::lock_guard lock(mutex_);
      certificates.schedule.never_fetch();
      certificates.upkeep.fetch_error.clear();
      certificates.upkeep.keep_error.clear();
    }
    log_.message(Severity::kInfo, "certificates_none",
                 "merchant " + merchant.mchid +
                     " has a public key and no platform certificates; not asking again (set "
                     "api.certificate_refresh_minutes = 0)");
    return;
  }
  if (!merge) return note_fetch_failure(certificates, merge.error().message);
  const bool changes = merge->changes_anything();
  fetched_.set(merchant.mchid, std::move(merge->current));
  {
    const std::lock_guard lock(mutex_);
    certificates.schedule.fetched(steady_clock::now());
    certificates.schedule.want_keep(steady_clock::now());
    ++certificates.upkeep.fetches;
    certificates.upkeep.fetch_error.clear();
  }
  // Use the new certificates before they are written to files: a slow or broken disk must not delay
  // the use of a key.
  if (changes || known.empty()) on_change_(merchant.mchid);
  if (!changes) return;
  log_.message(Severity::kInfo, "certificates_fetched",
               "merchant " + merchant.mchid + ": " + std::to_string(merge->added.size()) +
                   " new, " + std::to_string(merge->dropped.size()) + " expired");
}

void CertificateKeeper::keep(MerchantCertificates& certificates) {
  const MerchantConfig& merchant = certificates.merchant;
  const auto& folder = merchant.api->certificate_directory;
  std::string why;
  if (!folder.empty()) {
    const auto known = fetched_.of(merchant.mchid);
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
    const auto merge = wechatpay::merge_certificates(read_certificate_folder(folder), known, now);
    auto kept = try_certificate_folder(folder);
    // If no valid certificate is known, do not change the folder: the expired certificates in it
    // must not be removed.
    if (kept && !known.empty()) kept = write_certificate_folder(folder, merge.current);
    if (!kept) why = kept.error();
  }
  bool must_log = false;
  {
    const std::lock_guard lock(mutex_);
    must_log = !why.empty() && certificates.upkeep.keep_error != why;
    certificates.upkeep.keep_error = why;
    if (why.empty()) {
      certificates.schedule.kept();
      if (!folder.empty()) ++certificates.upkeep.keeps;
    } else {
      certificates.schedule.keep_failed(steady_clock::now());
      ++certificates.upkeep.keep_failures;
    }
  }
  if (!must_log) return;
  log_.message(Severity::kError, "certificates_not_kept",
               "merchant " + merchant.mchid + ": " + why +
                   "; fetched certificates are only in memory and must be fetched again after a "
                   "restart; tried again every few minutes");
}

}  // namespace couponhook::server
