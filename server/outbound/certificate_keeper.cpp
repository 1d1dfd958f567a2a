#include "server/outbound/certificate_keeper.hpp"

#include <algorithm>
#include <string>

#include <pthread.h>

#include "server/outbound/certificate_refresh.hpp"

namespace couponhook::server {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kBetweenLooks{1};
constexpr std::chrono::minutes kFirstRetry{1};
constexpr int kDoublingsMax = 6;
constexpr std::string_view kPublicKeyPrefix = "PUB_KEY_ID_";

std::chrono::minutes retry_after(int failures, std::chrono::minutes interval) {
  return std::min(interval, kFirstRetry * (1 << std::min(failures - 1, kDoublingsMax)));
}

template <typename Wards>
auto find_ward(Wards& wards, std::string_view mchid) {
  return std::ranges::find(
      wards, mchid, [](const auto& ward) -> std::string_view { return ward.merchant.mchid; });
}

}  // namespace

CertificateKeeper::CertificateKeeper(Config config, WallClock clock, crypto::RandomSource random,
                                     std::shared_ptr<CallPace> pace, Log& log)
    : config_(std::move(config)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      pace_(std::move(pace)),
      log_(log),
      wards_(wards_of(config_)) {}

CertificateKeeper::~CertificateKeeper() = default;

std::list<CertificateKeeper::Ward> CertificateKeeper::wards_of(const Config& config) {
  std::list<Ward> wards;
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.fetches_certificates()) wards.emplace_back().merchant = merchant;
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
  std::list<Ward> wards = wards_of(config_);
  for (Ward& ward : wards) {
    const auto known = find_ward(wards_, ward.merchant.mchid);
    if (known == wards_.end()) continue;
    ward.window = known->window;
    ward.asked = known->asked;
    if (known->failures > 0 || ward.merchant.api != known->merchant.api) continue;
    ward.due = known->due;
    ward.left_alone = known->left_alone;
  }
  wards_ = std::move(wards);
}

void CertificateKeeper::serial_unknown(std::string_view mchid, std::string_view serial) {
  // Public keys are not fetched: they are downloaded from the console.
  if (serial.starts_with(kPublicKeyPrefix)) return;
  const std::lock_guard lock(mutex_);
  const auto ward = find_ward(wards_, mchid);
  if (ward != wards_.end()) ward->asked = true;
}

void CertificateKeeper::work(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "certificates");
  const Pause pause = stoppable_pause(stop);
  do {
    adopt_next_config();
    for (Ward& ward : wards_) {
      if (ward.left_alone) continue;
      const auto now = steady_clock::now();
      {
        const std::lock_guard lock(mutex_);
        if (!ward.asked && now < ward.due) continue;
        // A place that is not free yet leaves the question standing.
        if (!ward.window.try_reserve(now)) continue;
        ward.asked = false;
      }
      try {
        refresh(ward, stop);
      } catch (const std::exception& error) {
        ward.due = steady_clock::now() + kFirstRetry;
        log_.message(Severity::kError, "certificates_not_fetched", error.what());
      }
    }
  } while (pause(kBetweenLooks));
}

void CertificateKeeper::refresh(Ward& ward, const std::stop_token& stop) {
  const MerchantConfig& merchant = ward.merchant;
  const std::chrono::minutes interval(merchant.api->certificate_refresh_minutes);
  const auto fail = [&](const std::string& why) {
    ward.due = steady_clock::now() + retry_after(++ward.failures, interval);
    log_.message(Severity::kWarning, "certificates_not_fetched",
                 "merchant " + merchant.mchid + ": " + why + "; those kept go on being used");
  };
  std::vector<Problem> problems;
  std::unique_ptr<const ApiAccount> account = load_api_account(config_, merchant, problems);
  if (!account) return fail(problems.front().where + ": " + problems.front().message);

  ApiClient client(std::move(account), {clock_, random_, stoppable_pause(stop), stop, pace_});
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  const auto merge = refresh_certificates(client, now);
  if (!merge && stop.stop_requested()) return;
  if (!merge && merge.error().public_key_merchant) {
    ward.left_alone = true;
    log_.message(Severity::kInfo, "certificates_none",
                 "merchant " + merchant.mchid +
                     " has a public key and no platform certificates; not asking again (set "
                     "api.certificate_refresh_minutes = 0)");
    return;
  }
  if (!merge) return fail(merge.error().message);
  ward.failures = 0;
  ward.due = steady_clock::now() + interval;
  if (!merge->changes_anything()) return;
  log_.message(Severity::kInfo, "certificates_fetched",
               "merchant " + merchant.mchid + ": " + std::to_string(merge->added.size()) +
                   " new, " + std::to_string(merge->dropped.size()) + " expired");
}

}  // namespace couponhook::server
