#include "server/service/alert_watch.hpp"

#include <algorithm>
#include <future>
#include <random>
#include <set>

#include <pthread.h>

#include "server/admin/served_certificates.hpp"

namespace couponhook::server {
namespace {

using std::chrono::seconds;

constexpr seconds kSnapshotInterval{2};
/// Interval of the checks of readiness. Each may commit a test row, so they are rarer.
constexpr seconds kReadinessInterval{6};
constexpr seconds kReadinessPatience{3};
constexpr std::chrono::milliseconds kAlertLease{30'000};
/// Interval at which a replica without the lease tries to take it.
constexpr seconds kLeaseInterval{10};
/// Interval at which dead deliveries are read again although their number is the same.
constexpr seconds kDeadInterval{60};
constexpr std::int64_t kDeadPage = 500;
/// Time after the last request with an unknown serial for which it still counts. WeChat Pay sends a
/// notification again about once a minute.
constexpr std::chrono::minutes kSerialMemory{15};

std::string unique_owner(const std::string& replica) {
  std::random_device random;
  return replica + ":" + std::to_string(random());
}

}  // namespace

AlertWatch::AlertWatch(Sources sources)
    : sources_(std::move(sources)),
      alerter_(sources_.replica, sources_.clock, sources_.counters, sources_.log),
      lease_("alerts", unique_owner(sources_.replica), kAlertLease) {}

std::optional<Problem> AlertWatch::reconfigure(const Config& config) {
  {
    const std::lock_guard lock(mutex_);
    fetching_merchants_.clear();
    for (const MerchantConfig& merchant : config.merchants) {
      if (merchant.fetches_certificates()) fetching_merchants_.push_back(merchant.mchid);
    }
  }
  // Without the thread, nothing runs what reconfigure() posts.
  if (!thread_.joinable() && config.alerts.empty()) return std::nullopt;
  alerter_.reconfigure(config.alerts);
  if (thread_.joinable()) return std::nullopt;
  auto reader = sources_.store.reader();
  if (!reader) return Problem{config.file.string() + ": store.url", reader.error().message};
  auto lease = sources_.store.writer(storage::WriterRole::kMaintenance);
  if (!lease) return Problem{config.file.string() + ": store.url", lease.error().message};
  reader_.emplace(std::move(*reader));
  lease_connection_ = std::move(*lease);
  alerter_.start(sources_.on_bug);
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  return std::nullopt;
}

void AlertWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  alerter_.stop();
}

void AlertWatch::work(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "alerts");
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    try {
      AlertFacts facts = take_snapshot();
      if (!stop.stop_requested()) alerter_.tell(std::move(facts));
    } catch (...) {
      sources_.on_bug(std::current_exception());
    }
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kSnapshotInterval, [&] { return stop.stop_requested(); });
  }
  // Give the lease back, so that another replica need not wait for its end. If this fails, the
  // lease expires by itself.
  if (holds_lease_) static_cast<void>(lease_.end(*lease_connection_));
}

AlertFacts AlertWatch::take_snapshot() {
  AlertFacts facts;
  facts.now = {SteadyClock::now(), base::to_unix_ms(sources_.clock())};
  read_store(facts);
  read_keys(facts);
  read_unknown_keys(facts);
  read_readiness(facts);
  for (const auto& [unit, state] : sources_.reloads.list()) {
    if (!state.last_error.empty()) facts.refused_units[unit] = state.last_error;
  }
  return facts;
}

/// Decides whether this replica tells of the store. An SQLite file has one service only.
AlertFacts::StoreView AlertWatch::may_tell_of_store(AlertTime now) {
  if (lease_connection_->engine() == "sqlite") return AlertFacts::StoreView::kKnown;
  if (!holds_lease_ && now.steady < lease_due_) return AlertFacts::StoreView::kNotOurs;
  lease_due_ = now.steady + kLeaseInterval;
  const auto taken = lease_.take(*lease_connection_, now.unix_ms);
  if (!taken) return AlertFacts::StoreView::kUnknown;
  holds_lease_ = *taken;
  return *taken ? AlertFacts::StoreView::kKnown : AlertFacts::StoreView::kNotOurs;
}

void AlertWatch::read_store(AlertFacts& facts) {
  facts.store = may_tell_of_store(facts.now);
  if (facts.store != AlertFacts::StoreView::kKnown) return;
  facts.store = AlertFacts::StoreView::kUnknown;
  const auto counts = reader_->counts();
  if (!counts) return;
  const auto pauses = reader_->pauses();
  if (!pauses || !read_dead(counts->deliveries_dead, facts)) return;
  facts.store = AlertFacts::StoreView::kKnown;
  facts.oldest_open_ms = counts->oldest_pending_at_ms;
  facts.open = counts->deliveries_pending + counts->deliveries_retrying;
  facts.sealed = counts->sealed;
  for (const storage::PauseRecord& pause : *pauses) {
    if (pause.resumed_at_ms) continue;
    facts.pauses.push_back(
        {pause.pause_id, pause.handler, pause.event_pattern, pause.created_at_ms});
  }
}

/// Finds out which handlers have dead deliveries, of the newest 500. The rows are read only if
/// their number has changed, or from time to time.
/// \return false if the store does not answer.
bool AlertWatch::read_dead(std::int64_t total, AlertFacts& facts) {
  if (total != dead_total_ || facts.now.steady >= dead_due_) {
    dead_.clear();
    dead_is_complete_ = true;
    if (total > 0) {
      storage::DeliveryFilter filter;
      filter.state = "dead";
      filter.limit = kDeadPage;
      const auto page = reader_->deliveries(filter);
      if (!page) return false;
      dead_is_complete_ = !page->next_before_delivery;
      for (const storage::DeliveryRecord& delivery : page->items) ++dead_[delivery.handler].count;
      for (auto& [handler, dead] : dead_) dead.is_least = !dead_is_complete_;
    }
    dead_total_ = total;
    dead_due_ = facts.now.steady + kDeadInterval;
  }
  facts.dead = dead_;
  facts.dead_is_complete = dead_is_complete_;
  return true;
}

void AlertWatch::read_keys(AlertFacts& facts) const {
  std::vector<std::string> fetching;
  {
    const std::lock_guard lock(mutex_);
    fetching = fetching_merchants_;
  }
  const auto merchants = sources_.live.merchants.get();
  for (const Merchant& merchant : merchants->all()) {
    const auto keys = merchant.platform_keys.list();
    const bool has_endless = std::ranges::any_of(
        keys, [](const crypto::KeyInfo& key) { return !key.expires_at.has_value(); });
    if (keys.empty() || has_endless) continue;
    std::chrono::sys_seconds last = *keys.front().expires_at;
    for (const crypto::KeyInfo& key : keys) last = std::max(last, *key.expires_at);
    facts.keys.push_back({merchant.mchid, base::to_unix_ms(last),
                          std::ranges::find(fetching, merchant.mchid) != fetching.end()});
  }
  for (const ServedCertificate& each :
       served_certificates(sources_.live.tls, sources_.live.admin_tls)) {
    if (each.expires_at) {
      facts.certificates.push_back({each.what, base::to_unix_ms(*each.expires_at)});
    }
  }
}

/// Finds serials that requests named in the last minutes and that are still not loaded.
void AlertWatch::read_unknown_keys(AlertFacts& facts) {
  std::set<SerialKey> listed;
  for (const UnknownSerial& each : sources_.unknown_serials.list()) {
    SerialKey key(each.mchid, each.serial);
    SerialActivity& activity = serials_[key];
    if (activity.requests != each.requests) activity = {each.requests, facts.now.steady};
    listed.insert(std::move(key));
  }
  std::erase_if(serials_, [&](const auto& each) { return !listed.contains(each.first); });
  std::map<std::string, AlertFacts::UnknownKeys> by_merchant;
  const auto merchants = sources_.live.merchants.get();
  for (const auto& [key, activity] : serials_) {
    const auto& [mchid, serial] = key;
    if (facts.now.steady - activity.last > kSerialMemory) continue;
    const Merchant* const merchant = merchants->find_mchid(mchid);
    if (merchant == nullptr) continue;
    const auto known = merchant->platform_keys.list();
    if (std::ranges::find(known, serial, &crypto::KeyInfo::serial) != known.end()) continue;
    AlertFacts::UnknownKeys& keys = by_merchant[mchid];
    keys.mchid = mchid;
    keys.requests += static_cast<std::int64_t>(activity.requests);
    keys.serials.push_back(serial);
  }
  for (auto& [mchid, keys] : by_merchant) facts.unknown_keys.push_back(std::move(keys));
}

void AlertWatch::read_readiness(AlertFacts& facts) {
  if (facts.now.steady >= readiness_due_) {
    readiness_due_ = facts.now.steady + kReadinessInterval;
    // The promise is shared: the answer may come after this function gave up waiting.
    const auto promise = std::make_shared<std::promise<std::optional<std::vector<std::string>>>>();
    auto answer = promise->get_future();
    sources_.ask_readiness([promise](auto reasons) { promise->set_value(std::move(reasons)); });
    reasons_.reset();
    if (answer.wait_for(kReadinessPatience) == std::future_status::ready) reasons_ = answer.get();
    // A replica that was asked to stop is not ready by intention.
    if (reasons_) {
      std::erase_if(*reasons_,
                    [](const std::string& reason) { return reason.starts_with("draining"); });
    }
  }
  facts.reasons_against = reasons_;
}

}  // namespace couponhook::server
