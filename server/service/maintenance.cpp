#include "server/service/maintenance.hpp"

#include <optional>
#include <utility>

#include <pthread.h>

#include "storage/reader.hpp"
#include "storage/retention/purge_clock.hpp"
#include "storage/retention/purge_pace.hpp"
#include "storage/task_lease.hpp"
#include "storage/totals.hpp"

namespace couponhook::server {
namespace {

/// Length of the lease that allows one replica to purge old data. The lease must be longer than any
/// one transaction of a purge.
constexpr std::chrono::minutes kLease{2};
/// Interval of the checks that the store is still where its URL says. A lost store must be reported
/// within 3 s.
constexpr std::chrono::seconds kFolderCheckInterval{1};

std::optional<std::int64_t> before(std::int64_t now_ms, int days) {
  if (days == 0) return std::nullopt;
  return now_ms - milliseconds(std::chrono::days(days)).count();
}

}  // namespace

storage::PurgeCutoffs purge_cutoffs(const StoreConfig& config, std::int64_t now_ms) {
  return {.payload_ms = before(now_ms, config.retention_payload_days),
          .identity_ms = before(now_ms, config.retention_id_days),
          .quarantine_ms = before(now_ms, config.retention_quarantine_days),
          .ledger_ms = before(now_ms, config.retention_ledger_days),
          .audit_ms = before(now_ms, config.retention_audit_days)};
}

Maintenance::Maintenance(std::unique_ptr<storage::Connection> connection, Options options,
                         base::WallClock clock, FailureObserver on_failure,
                         HistoryRecorder& history, Log& log)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      clock_(std::move(clock)),
      on_failure_(std::move(on_failure)),
      history_(history),
      log_(log),
      thread_([this] { work(); }) {}

Maintenance::~Maintenance() {
  ask_to_stop();
  thread_.join();
  // Check a last time that the store is still where its URL says. If the store was lost since the
  // previous check, the log reports this before it says that the service has ended.
  try {
    check_place();
    if (was_in_place_ && history_written_) write_history();
  } catch (...) {  // memory ran out; the process ends in any case
  }
}

void Maintenance::ask_to_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
}

bool Maintenance::rest(std::chrono::steady_clock::duration time) {
  const auto until = SteadyClock::now() + time;
  const auto is_stopping = [this] { return stopping_; };
  if (history_.is_due()) write_history();
  std::unique_lock lock(mutex_);
  while (until - SteadyClock::now() > kFolderCheckInterval) {
    if (wake_.wait_for(lock, kFolderCheckInterval, is_stopping)) return false;
    lock.unlock();
    check_place();
    if (history_.is_due()) write_history();
    lock.lock();
  }
  return !wake_.wait_until(lock, until, is_stopping);
}

void Maintenance::check_place() {
  const auto there = connection_->check_place();
  if (!there) {
    on_failure_(there.error());
  } else if (!was_in_place_) {
    log_.message(Severity::kInfo, "store_back",
                 "the store is in its place again, and notifications are accepted again");
  }
  was_in_place_ = there.has_value();
}

/// Writes the counts of the last minute into the history. A failure loses nothing: the counts are
/// written with those of the next minute.
void Maintenance::write_history() {
  std::string why;
  try {
    const auto written = history_.write(*connection_);
    if (!written) why = written.error().message;
  } catch (const std::exception& error) {
    why = error.what();
  }
  if (!why.empty() && history_written_) {
    log_.message(Severity::kWarning, "history_failed",
                 "the history of the counters could not be written, and is written later: " + why);
  }
  history_written_ = why.empty();
}

void Maintenance::delete_old_history(std::int64_t now_ms) {
  const auto remove = [&](std::int64_t step_s, int days) {
    const auto before_ms = before(now_ms, days);
    if (!before_ms) return;
    const auto removed = storage::delete_history(*connection_, step_s, *before_ms / 1000);
    if (!removed) log_.message(Severity::kWarning, "purge_failed", removed.error().message);
  };
  remove(storage::kMinuteS, options_.store.history_minute_days);
  remove(storage::kHourS, options_.store.history_days);
}

/// Stores a pair of times (wall clock and monotonic clock) now, while the wall clock is right. So a
/// clock jump before the first purge is noticed too; see storage::find_clock_error().
void Maintenance::mark_clock() noexcept {
  try {
    static_cast<void>(storage::find_clock_error(*connection_, base::to_unix_ms(clock_()),
                                                storage::steady_time(),
                                                storage::PurgeMode::kRemove));
  } catch (const std::exception& error) {
    log_.message(Severity::kError, "purge_failed", error.what());
  }
}

bool Maintenance::may_purge(std::int64_t now_ms) {
  const auto clock_error = storage::find_clock_error(*connection_, now_ms, storage::steady_time(),
                                                     storage::PurgeMode::kRemove);
  if (!clock_error) {
    log_.message(Severity::kWarning, "purge_failed", clock_error.error().message);
    return false;
  }
  const std::string why = clock_error->value_or("");
  if (!why.empty() && why != clock_error_) log_.message(Severity::kError, "purge_refused", why);
  clock_error_ = why;
  return why.empty();
}

void Maintenance::work() {
  pthread_setname_np(pthread_self(), "maintenance");
  mark_clock();
  const milliseconds interval = options_.store.maintenance_interval;
  const auto guarded = [this](auto&& task) {
    try {
      task();
    } catch (const std::exception& error) {
      log_.message(Severity::kError, "purge_failed", error.what());
    }
  };
  auto due = SteadyClock::now() + options_.first_after;
  guarded([this] { log_unclaimed(); });
  while (rest(due - SteadyClock::now())) {
    // The interval is measured from the start of one purge to the start of the next, so that a long
    // purge does not delay the purges after it.
    due = SteadyClock::now() + interval;
    guarded([this] {
      check_place();
      log_unclaimed();
      purge();
    });
  }
}

void Maintenance::purge() {
  const auto now_ms = [this] { return base::to_unix_ms(clock_()); };
  storage::TaskLease lease("purge", options_.owner, kLease);
  const auto taken = lease.take(*connection_, now_ms());
  if (!taken) return log_.message(Severity::kWarning, "purge_failed", taken.error().message);
  if (!*taken) return;  // another replica holds the lease and is purging

  const std::int64_t begun_ms = now_ms();
  if (!may_purge(begun_ms)) return static_cast<void>(lease.end(*connection_));
  storage::Purge purge(*connection_, purge_cutoffs(options_.store, begun_ms),
                       storage::PurgeMode::kRemove, std::chrono::steady_clock::now);
  delete_old_history(begun_ms);
  if (auto marked = purge.mark_ledger(begun_ms); !marked) {
    log_.message(Severity::kWarning, "purge_failed", marked.error().message);
  }
  const auto pass_max = storage::purge_pass_max(options_.store.maintenance_interval);
  const auto ran = storage::run_purge(purge, pass_max, SteadyClock::now, [&](auto time) {
    const auto ours = lease.take(*connection_, now_ms());
    // If the store does not answer when the lease is renewed, continue: the next step of the purge
    // then fails and ends this purge.
    return rest(time) && (!ours || *ours);
  });
  log_purge(purge.counts());
  if (auto corrected = storage::correct_totals(*connection_); !corrected) {
    log_.message(Severity::kWarning, "totals_not_checked", corrected.error().message);
  }
  if (!ran) log_.message(Severity::kWarning, "purge_failed", ran.error().message);
  // Give the purge lease back. If this fails, the lease expires by itself.
  static_cast<void>(lease.end(*connection_));
}

void Maintenance::log_unclaimed() {
  if (unclaimed_logged_) return;
  const auto unclaimed = storage::unclaimed_deliveries(*connection_, options_.served);
  if (!unclaimed) return;  // the store does not answer; other parts of the service report this
  unclaimed_logged_ = true;
  for (const storage::HandlerBacklog& each : *unclaimed) {
    log_.message(
        Severity::kWarning, "deliveries_unclaimed",
        std::to_string(each.open) + " open deliveries are for handler " + each.handler +
            ", which is not configured here, so they are not delivered. If it was renamed, move "
            "them with `couponhook retry --handler " +
            each.handler +
            " --to NEW`; if it was removed, drop them with `couponhook skip "
            "--handler " +
            each.handler + " --reason WHY`");
  }
}

void Maintenance::log_purge(const storage::PurgeCounts& counts) {
  if (!counts.any()) return;
  log_.message(Severity::kInfo, "purged",
               std::to_string(counts.payloads) + " payloads emptied, " +
                   std::to_string(counts.identities) + " notifications, " +
                   std::to_string(counts.quarantined) + " quarantined bodies, " +
                   std::to_string(counts.facts) + " facts of the ledger and " +
                   std::to_string(counts.actions) + " rows of the audit log removed");
}

}  // namespace couponhook::server
