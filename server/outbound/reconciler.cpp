#include "server/outbound/reconciler.hpp"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include <pthread.h>

#include "base/wechat_time.hpp"
#include "server/outbound/user_records.hpp"
#include "server/receive/ledger_coverage.hpp"
#include "storage/source.hpp"

namespace couponhook::server {
namespace {

using std::chrono::steady_clock;
using wechatpay::ApiError;
using wechatpay::FlowKind;
using wechatpay::PlatformRecord;

constexpr std::chrono::seconds kBetweenTurns{1};
/// Length of the lease that lets one replica do one comparison with WeChat Pay's records. The lease
/// is longer than a comparison usually takes. If a comparison takes longer, two replicas may
/// compare at the same time.
constexpr std::chrono::minutes kTurnLease{10};
/// Delay before this replica tries a comparison again, if another replica holds the lease of the
/// comparison.
constexpr std::chrono::seconds kAfterAnother{60};
constexpr std::size_t kEntriesAtATime = 200;
constexpr std::chrono::seconds kCommitTimeout{30};
constexpr std::size_t kOwnerCharacters = 20;

/// Waits until one missing notification is stored or refused. The wait blocks the reconciler's
/// thread, which has no other work.
class BlockingWait final : public storage::AdmitListener {
 public:
  void admitted(storage::AdmitResult&& result) noexcept override {
    outcome_.set_value(result.outcome);
  }
  [[nodiscard]] bool is_stored(steady_clock::time_point deadline) {
    auto outcome = outcome_.get_future();
    return outcome.wait_until(deadline) == std::future_status::ready &&
           outcome.get() == storage::AdmitOutcome::kStored;
  }

 private:
  std::promise<storage::AdmitOutcome> outcome_;
};

handlers::Notification notification_of(const PlatformRecord& entry) {
  handlers::Notification notification;
  notification.id = entry.notification_id();
  notification.event_type = entry.event_type;
  notification.create_time = entry.occurred_at;
  notification.summary = entry.summary;
  notification.resource.original_type = entry.original_type;
  return notification;
}

std::string first_problem_of(const PlatformRecords& records) {
  if (records.malformed == 0 || records.problems.empty()) return {};
  return ", the first: " + to_string(records.problems.front());
}

/// Returns true if the error means that WeChat Pay has no flow file for this stock. This is so
/// before 10:00 on the day after the stock's end, and if no coupon of the stock was ever redeemed.
bool is_flow_not_ready(const ApiError& error) {
  return error.failure == wechatpay::ApiFailure::kRefused &&
         (error.code == "RESOURCE_NOT_EXISTS" || error.code == "NOT_FOUND" ||
          error.code == "INVALID_REQUEST");
}

}  // namespace

std::string Reconciler::Comparison::name() const {
  const std::string of = "merchant " + merchant.mchid + ": ";
  if (!flow) return of + "coupons of recent users";
  return of + std::string(to_string(flow->kind)) + " flow of stock " + flow->stock_id;
}

Reconciler::Reconciler(const Config& config, ReconcilerConnections connections,
                       ReconcilerSources sources)
    : config_(config),
      ledger_(std::move(connections.ledger)),
      notifications_(std::move(connections.notifications)),
      lease_connection_(std::move(connections.lease)),
      lease_("reconcile", crypto::random_alphanumeric(sources.random, kOwnerCharacters),
             kTurnLease),
      sources_(std::move(sources)),
      comparisons_(comparisons_of(config_)) {}

std::list<Reconciler::Comparison> Reconciler::comparisons_of(const Config& config) {
  std::list<Comparison> comparisons;
  for (const MerchantConfig& merchant : config.merchants) {
    const ReconcileConfig& reconcile = merchant.reconcile;
    for (const std::string& stock : reconcile.stocks) {
      for (const FlowKind kind : {FlowKind::kUse, FlowKind::kRefund}) {
        FlowName flow{kind, stock, reconcile.columns(kind)};
        comparisons.push_back({merchant, std::move(flow), reconcile.flow_interval});
      }
    }
    if (reconcile.asks_for_users()) {
      // Put the query of recent users first: the flow files take so long that these queries would
      // have to wait.
      comparisons.push_front({merchant, std::nullopt, reconcile.poll_interval});
    }
  }
  return comparisons;
}

bool Reconciler::has_work(const Config& config) {
  return std::ranges::any_of(config.merchants, [](const MerchantConfig& merchant) {
    return merchant.reconcile.has_work();
  });
}

void Reconciler::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Reconciler::reconfigure(Config config) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(config);
}

void Reconciler::adopt_next_config() {
  const std::lock_guard lock(mutex_);
  if (!next_) return;
  // Keep the old settings of the store, such as retention: they change only when the service starts
  // again.
  next_->store = std::move(config_.store);
  config_ = std::move(*next_);
  next_.reset();
  std::list<Comparison> comparisons = comparisons_of(config_);
  for (Comparison& comparison : comparisons) {
    const auto known = std::ranges::find(comparisons_, comparison.name(), &Comparison::name);
    if (known == comparisons_.end()) continue;
    comparison.due = std::min(known->due, steady_clock::now() + comparison.interval);
    comparison.turns = std::move(known->turns);
  }
  comparisons_ = std::move(comparisons);
}

void Reconciler::work(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "reconciler");
  const Pause pause = stoppable_pause(stop);
  while (pause(kBetweenTurns)) {
    adopt_next_config();
    for (Comparison& comparison : comparisons_) {
      if (stop.stop_requested()) return;
      if (steady_clock::now() >= comparison.due) compare_if_leader(comparison, stop);
    }
  }
}

void Reconciler::compare_if_leader(Comparison& comparison, const std::stop_token& stop) {
  comparison.due = steady_clock::now() + comparison.interval;
  const auto taken = lease_.take(*lease_connection_, base::to_unix_ms(sources_.clock()));
  if (!taken) return fail(comparison, taken.error().message);
  if (!*taken) {
    comparison.due = steady_clock::now() + std::min(comparison.interval, kAfterAnother);
    return;
  }
  try {
    run(comparison, stop);
  } catch (const std::exception& error) {
    fail(comparison, error.what());
  }
  // Give the lease of the comparison back. If this fails, the lease expires by itself.
  static_cast<void>(lease_.end(*lease_connection_));
}

void Reconciler::run(Comparison& comparison, const std::stop_token& stop) {
  // The running handlers are those from the start of the service, but a configuration reload may
  // have added this comparison. So perhaps no running handler keeps the ledger that the comparison
  // needs.
  const auto short_of =
      why_ledger_is_short(sources_.rules.ledger, comparison.flow ? kFlowEvents : kUserEvents);
  if (!short_of.empty()) {
    return fail(comparison, short_of + "; a new handler takes effect at the next start");
  }
  std::vector<Problem> problems;
  auto account = load_service_account(config_, comparison.merchant,
                                      sources_.fetched.of(comparison.merchant.mchid), problems);
  if (!account) return fail(comparison, problems.front().where + ": " + problems.front().message);
  ApiClient client(std::move(account),
                   {sources_.clock, sources_.random, stoppable_pause(stop), stop, sources_.pace});
  const auto fetched = fetch(comparison, client);
  if (stop.stop_requested()) return;
  if (!fetched) return fail(comparison, fetched.error());
  if (*fetched) compare_with(comparison, **fetched);
}

Reconciler::FetchResult Reconciler::fetch(Comparison& comparison, ApiClient& client) {
  if (!comparison.flow) return fetch_users(comparison, client);
  const auto content = download_flow(client, *comparison.flow);
  if (!content && is_flow_not_ready(content.error())) {
    sources_.log.message(Severity::kInfo, "reconcile_waits",
                         comparison.name() +
                             ": the file does not exist yet; it exists from 10:00 on the day after "
                             "the stock's end; " +
                             content.error().text());
    return FetchResult(boost::system::in_place_value, std::nullopt);
  }
  if (!content) return FetchResult(boost::system::in_place_error, content.error().text());
  auto records = read_flow(*comparison.flow, *content);
  if (!records) return FetchResult(boost::system::in_place_error, records.error().text());
  return FetchResult(boost::system::in_place_value, FetchedRecords{std::move(*records)});
}

Reconciler::FetchResult Reconciler::fetch_users(Comparison& comparison, ApiClient& client) {
  const auto now = std::chrono::floor<std::chrono::seconds>(sources_.clock());
  auto recent = recent_users(comparison.merchant, notifications_, now);
  if (!recent) return FetchResult(boost::system::in_place_error, recent.error());
  const std::size_t all = recent->users.size();
  const std::size_t most = comparison.merchant.reconcile.max_users;
  const auto users = comparison.turns.next(std::move(recent->users), most);
  UserRecords asked = fetch_records_of_users(
      client, users, [&](const UserName& user) { comparison.turns.note_asked(user); });
  // Failed queries of users' coupons are only reported, because the coupons that could be read can
  // still be compared.
  for (const std::string& failure : asked.failures) fail(comparison, failure);
  FetchedRecords fetched{std::move(asked.records), asked.skipped};
  if (asked.skipped != 0) {
    fetched.remarks += "; " + std::to_string(asked.skipped) + " of " +
                       std::to_string(users.size()) + " users skipped, the last because of " +
                       asked.last_skip;
    fetched.is_well = !asked.is_skipped_throughout;
  }
  if (recent->malformed != 0) {
    fetched.remarks +=
        "; " + std::to_string(recent->malformed) +
        " lines of reconcile.issued_file cannot be read, the first: " + recent->first_problem;
    fetched.is_well = false;
  }
  if (all > most) {
    fetched.remarks += "; " + std::to_string(all) + " users are more than the " +
                       std::to_string(most) +
                       " of one comparison, so they take turns: raise reconcile.max_users";
    fetched.is_well = false;
  }
  return FetchResult(boost::system::in_place_value, std::move(fetched));
}

void Reconciler::compare_with(const Comparison& comparison, const FetchedRecords& fetched) {
  const PlatformRecords& records = fetched.records;
  const auto known = comparison.flow ? facts_of_flow(ledger_, *comparison.flow, records)
                                     : facts_of_named_coupons(ledger_, records);
  if (!known) return fail(comparison, known.error().message);
  const auto report = wechatpay::compare(records.entries, *known);
  const ReconcileConfig& reconcile = comparison.merchant.reconcile;
  const auto now = std::chrono::floor<std::chrono::seconds>(sources_.clock());
  const auto [missing, outdated, unsettled] = wechatpay::admissible(
      report, records.entries, {facts_known_since(config_.store, now), now - reconcile.settle});
  const std::size_t admitted = reconcile.apply ? admit(comparison.merchant.mchid, missing) : 0;
  sources_.counters.add({.comparisons = 1,
                         .in_platform = report.in_platform,
                         .missing = missing.size(),
                         .admitted = admitted,
                         .differing = report.differing,
                         .skipped_users = fetched.skipped_users,
                         .last_ms = base::to_unix_ms(sources_.clock())});
  const bool is_well =
      fetched.is_well && missing.empty() && report.differing == 0 && records.malformed == 0;
  sources_.log.message(
      is_well ? Severity::kInfo : Severity::kWarning, "reconciled",
      comparison.name() + ": " + std::to_string(report.in_platform) + " in WeChat Pay's records, " +
          std::to_string(missing.size()) + " never arrived, " + std::to_string(admitted) +
          " of them stored, " + std::to_string(unsettled) + " may still be notified, " +
          std::to_string(outdated) + " may have been removed by retention, " +
          std::to_string(report.differing) + " differ, " + std::to_string(records.malformed) +
          " lines cannot be read" + first_problem_of(records) + fetched.remarks);
}

std::size_t Reconciler::admit(const std::string& mchid,
                              std::span<const PlatformRecord* const> missing) {
  std::size_t stored = 0;
  while (!missing.empty()) {
    const auto part = missing.first(std::min(missing.size(), kEntriesAtATime));
    missing = missing.subspan(part.size());
    std::vector<std::shared_ptr<BlockingWait>> waits;
    for (const PlatformRecord* entry : part) {
      ToAdmit admit = make_admission(notification_of(*entry), std::string(entry->resource), mchid,
                                     storage::kFromReconcile, sources_.rules, sources_.clock());
      auto wait = std::make_shared<BlockingWait>();
      // If the queue of the store is full, the missing event is dropped now. The next comparison
      // finds this event missing again and stores it then.
      if (sources_.inbox.admit(std::move(admit.admission), wait) == storage::Inbox::Queued::kYes) {
        waits.push_back(std::move(wait));
      }
    }
    const auto deadline = steady_clock::now() + kCommitTimeout;
    stored += static_cast<std::size_t>(
        std::ranges::count_if(waits, [&](const auto& wait) { return wait->is_stored(deadline); }));
  }
  return stored;
}

void Reconciler::fail(const Comparison& comparison, const std::string& why) {
  sources_.counters.add({.failures = 1, .last_failure = comparison.name() + ": " + why});
  sources_.log.message(Severity::kWarning, "reconcile_failed",
                       comparison.name() + ": " + why + "; tried again in " +
                           std::to_string(comparison.interval.count()) + " s");
}

}  // namespace couponhook::server
