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

constexpr std::chrono::seconds kBetweenLooks{1};
constexpr std::string_view kPublicKeyPrefix = "PUB_KEY_ID_";

template <typename Wards>
auto find_ward(Wards& wards, std::string_view mchid) {
  return std::ranges::find(
      wards, mchid, [](const auto& ward) -> std::string_view { return ward.merchant.mchid; });
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
      wards_(wards_of(config_)) {}

CertificateKeeper::~CertificateKeeper() = default;

std::list<CertificateKeeper::MerchantCertificates> CertificateKeeper::wards_of(
    const Config& config) {
  std::list<MerchantCertificates> wards;
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.fetches_certificates()) wards.emplace_back(merchant);
  }
  return wards;
}

void CertificateKeeper::start() {
  if (!wards_.empty()) start_thread();
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
  std::list<MerchantCertificates> wards = wards_of(config_);
  for (MerchantCertificates& ward : wards) {
    const auto known = find_ward(wards_, ward.merchant.mchid);
    if (known == wards_.end()) continue;
    const bool has_changed = ward.merchant.api != known->merchant.api;
    ward.schedule = CertificateSchedule(interval_of(ward.merchant), known->schedule, has_changed);
    const std::string directory = std::move(ward.upkeep.directory);
    ward.upkeep = known->upkeep;
    ward.upkeep.directory = directory;
  }
  wards_ = std::move(wards);
}

void CertificateKeeper::serial_unknown(std::string_view mchid, std::string_view serial) {
  // A platform public key cannot be downloaded through the API: the merchant downloads it from
  // WeChat Pay's merchant console.
  if (serial.starts_with(kPublicKeyPrefix)) return;
  const std::lock_guard lock(mutex_);
  const auto ward = find_ward(wards_, mchid);
  if (ward != wards_.end()) ward->schedule.ask();
}

std::vector<CertificateStatus> CertificateKeeper::upkeep() const {
  const std::lock_guard lock(mutex_);
  std::vector<CertificateStatus> all;
  for (const MerchantCertificates& ward : wards_) all.push_back(ward.upkeep);
  return all;
}

void CertificateKeeper::work(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "certificates");
  const Pause pause = stoppable_pause(stop);
  do {
    adopt_next_config();
    for (MerchantCertificates& ward : wards_) {
      if (!stop.stop_requested()) look_after(ward, stop);
    }
  } while (pause(kBetweenLooks));
}

void CertificateKeeper::look_after(MerchantCertificates& ward, const std::stop_token& stop) {
  const auto take = [&](bool (CertificateSchedule::*is_due)(steady_clock::time_point)) {
    const std::lock_guard lock(mutex_);
    return (ward.schedule.*is_due)(steady_clock::now());
  };
  try {
    if (take(&CertificateSchedule::take_fetch)) refresh(ward, stop);
    if (take(&CertificateSchedule::take_keep)) keep(ward);
  } catch (const std::exception& error) {
    {
      const std::lock_guard lock(mutex_);
      ward.schedule.fetch_failed(steady_clock::now(), false);
      ward.schedule.keep_failed(steady_clock::now());
      ++ward.upkeep.fetch_failures;
      ward.upkeep.fetch_error = error.what();
    }
    log_.message(Severity::kError, "certificates_not_fetched", error.what());
  }
}

void CertificateKeeper::note_fetch_failure(MerchantCertificates& ward, const std::string& why) {
  const MerchantConfig& merchant = ward.merchant;
  const bool has_none = merchant.platform_certificates.empty() &&
                        merchant.platform_public_keys.empty() &&
                        fetched_.of(merchant.mchid).empty() &&
                        read_certificate_folder(merchant.api->certificate_directory).empty();
  {
    const std::lock_guard lock(mutex_);
    ward.schedule.fetch_failed(steady_clock::now(), has_none);
    ++ward.upkeep.fetch_failures;
    ward.upkeep.fetch_error = why;
  }
  log_.message(Severity::kWarning, "certificates_not_fetched",
               "merchant " + merchant.mchid + ": " + why + "; the stored certificates stay in use");
}

void CertificateKeeper::refresh(MerchantCertificates& ward, const std::stop_token& stop) {
  const MerchantConfig& merchant = ward.merchant;
  std::vector<Problem> problems;
  const auto known = fetched_.of(merchant.mchid);
  std::unique_ptr<const ApiAccount> account =
      load_service_account(config_, merchant, known, problems);
  if (!account) {
    return note_fetch_failure(ward, problems.front().where + ": " + problems.front().message);
  }
  ApiClient client(std::move(account), {clock_, random_, stoppable_pause(stop), stop, pace_});
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  auto merge = fetch_certificates(client, known, now);
  if (!merge && stop.stop_requested()) return;
  if (!merge && merge.error().public_key_merchant) {
    {
      const std::lock_guard lock(mutex_);
      ward.schedule.never_fetch();
      ward.upkeep.fetch_error.clear();
      ward.upkeep.keep_error.clear();
    }
    log_.message(Severity::kInfo, "certificates_none",
                 "merchant " + merchant.mchid +
                     " has a public key and no platform certificates; not asking again (set "
                     "api.certificate_refresh_minutes = 0)");
    return;
  }
  if (!merge) return note_fetch_failure(ward, merge.error().message);
  const bool changes = merge->changes_anything();
  fetched_.set(merchant.mchid, std::move(merge->current));
  {
    const std::lock_guard lock(mutex_);
    ward.schedule.fetched(steady_clock::now());
    ward.schedule.want_keep(steady_clock::now());
    ++ward.upkeep.fetches;
    ward.upkeep.fetch_error.clear();
  }
  // Use the new certificates before they are written to files: a slow or broken disk must not delay
  // the use of a key.
  if (changes || known.empty()) on_change_(merchant.mchid);
  if (!changes) return;
  log_.message(Severity::kInfo, "certificates_fetched",
               "merchant " + merchant.mchid + ": " + std::to_string(merge->added.size()) +
                   " new, " + std::to_string(merge->dropped.size()) + " expired");
}

void CertificateKeeper::keep(MerchantCertificates& ward) {
  const MerchantConfig& merchant = ward.merchant;
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
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = !why.empty() && ward.upkeep.keep_error != why;
    ward.upkeep.keep_error = why;
    if (why.empty()) {
      ward.schedule.kept();
      if (!folder.empty()) ++ward.upkeep.keeps;
    } else {
      ward.schedule.keep_failed(steady_clock::now());
      ++ward.upkeep.keep_failures;
    }
  }
  if (!is_news) return;
  log_.message(Severity::kError, "certificates_not_kept",
               "merchant " + merchant.mchid + ": " + why +
                   "; fetched certificates are only in memory and must be fetched again after a "
                   "restart; tried again every few minutes");
}

}  // namespace couponhook::server
