#include "server/admin/metrics.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "server/admin/metric_families.hpp"

namespace couponhook::server {
namespace {

double seconds_of(std::int64_t unix_ms) {
  return static_cast<double>(unix_ms) / 1000.0;
}

void collect_process(MetricFamilies& families, const StatusView& view) {
  families
      .gauge("build_info", "Always 1; the labels show the running version and the store's engine")
      .sample(1, {{"version", std::string(view.version)}, {"engine", std::string(view.engine)}});
  families.gauge("uptime_seconds", "Seconds since this replica started")
      .sample(view.uptime.count());
  families.gauge("ready", "1 if a notification can be committed now, like GET /readyz; otherwise 0")
      .sample(view.ready ? 1 : 0);
  families
      .counter("admin_logins_failed_total",
               "Requests to the status endpoint of this replica that carried a wrong token")
      .sample(view.failed_logins);
}

void collect_replies(MetricFamilies& families, const ReplyCounters& reply_counters) {
  MetricFamily& replies =
      families.counter("replies_total",
                       "Requests on the public listener by result; probe: WeChat Pay's test "
                       "requests with a wrong signature, which must be refused");
  for (const VerdictRow& entry : verdict_table()) {
    replies.sample(reply_counters.of(entry.verdict),
                   {{"code", std::string(entry.code)},
                    {"probe", entry.verdict == Verdict::kProbe ? "true" : "false"}});
  }
  families
      .histogram(
          "reply_seconds",
          "Time from a complete request on a merchant's path to the decision about its reply")
      .histogram(kReplyTimeBounds, reply_counters.times(), 1e6);
  families
      .counter("connections_evicted_total",
               "Connections without a valid signature that were closed to make room for new ones "
               "because listener.max_connections was reached")
      .sample(reply_counters.evictions());
}

void collect_store(MetricFamilies& families, const StatusView& view) {
  families.gauge("store_ok", "1 if the last commit succeeded, otherwise 0")
      .sample(view.store_ok ? 1 : 0);
  if (view.size_bytes) {
    families.gauge("store_size_bytes", "Size of the store").sample(*view.size_bytes);
  }
  families.gauge("store_queued", "Notifications that wait for a commit")
      .sample(view.activity.queued);
  families.counter("store_commits_total", "Commits of this replica").sample(view.activity.commits);
  families
      .counter("store_commit_failures_total",
               "Failed attempts to commit, including those that were repeated")
      .sample(view.activity.failed_commits);
  families
      .counter("store_rows_total", "Notifications, copies and quarantined bodies in these commits")
      .sample(view.activity.rows);
}

void collect_notifications(MetricFamilies& families, const storage::StoreCounts& counts) {
  families
      .counter("notifications_total",
               "Notifications that came with a valid signature or from reconciliation, by result; "
               "of all replicas")
      .sample(counts.stored, {{"outcome", "stored"}})
      .sample(counts.duplicates, {{"outcome", "duplicate"}})
      .sample(counts.conflicts, {{"outcome", "conflict"}})
      .sample(counts.quarantined, {{"outcome", "quarantined"}});
  families
      .gauge("quarantine_sealed",
             "Signed notifications that no key has decrypted yet; of all replicas")
      .sample(counts.sealed);
  families
      .gauge("notifications_unreadable",
             "Stored notifications whose content could not be read, so that the ledger lacks them; "
             "of all replicas")
      .sample(counts.unreadable);
  MetricFamily& types = families.counter("notifications_by_type_total",
                                         "Notifications stored, by event_type; of all replicas");
  for (const storage::TypeCount& type : counts.by_type) {
    types.sample(type.count, {{"type", type.event_type}});
  }
  if (counts.last_received_at_ms) {
    families
        .gauge("last_received_timestamp_seconds",
               "When a notification was last received, Unix time")
        .sample(seconds_of(*counts.last_received_at_ms));
  }
}

constexpr std::array<std::pair<std::string_view, std::int64_t storage::DeliveryTotals::*>, 5>
    kDeliveryStates{{{"pending", &storage::DeliveryTotals::pending},
                     {"retrying", &storage::DeliveryTotals::retrying},
                     {"dead", &storage::DeliveryTotals::dead},
                     {"done", &storage::DeliveryTotals::done},
                     {"skipped", &storage::DeliveryTotals::skipped}}};

/// Writes the metrics of the deliveries. The samples of one state add up to the total of the state.
/// \param served names of the handlers that receive deliveries; each gets a sample for each state.
void collect_deliveries(MetricFamilies& families, const storage::StoreCounts& counts,
                        const std::vector<std::string>& served, std::int64_t now_ms) {
  MetricFamily& deliveries = families.gauge(
      "deliveries",
      "Deliveries by handler and state; of all replicas. handler=\"\": deliveries that a release "
      "before this metric made or ended, so that their handler was not counted");
  storage::DeliveryTotals rest{.pending = counts.deliveries_pending,
                               .retrying = counts.deliveries_retrying,
                               .dead = counts.deliveries_dead,
                               .done = counts.deliveries_done,
                               .skipped = counts.deliveries_skipped};
  std::map<std::string, storage::DeliveryTotals> by_handler = counts.by_handler;
  for (const std::string& handler : served) by_handler.try_emplace(handler);
  for (const auto& [handler, totals] : by_handler) {
    for (const auto& [state, member] : kDeliveryStates) {
      const std::int64_t value = std::max<std::int64_t>(0, totals.*member);
      deliveries.sample(value, {{"handler", handler}, {"state", std::string(state)}});
      rest.*member -= value;
    }
  }
  for (const auto& [state, member] : kDeliveryStates) {
    if (rest.*member <= 0 && !by_handler.empty()) continue;
    deliveries.sample(rest.*member, {{"handler", ""}, {"state", std::string(state)}});
  }
  const std::int64_t oldest_ms = now_ms - counts.oldest_pending_at_ms.value_or(now_ms);
  families.gauge("deliveries_oldest_pending_seconds", "Age of the oldest open delivery")
      .sample(seconds_of(std::max<std::int64_t>(0, oldest_ms)));
}

/// Writes the metrics of the handlers. A handler counts as paused if a pause may hold back some or
/// all of its deliveries.
void collect_handlers(MetricFamilies& families, const StatusView& view) {
  MetricFamily& unclaimed =
      families.gauge("deliveries_unclaimed",
                     "Open deliveries to handlers that this replica does not know: renamed or "
                     "removed ones");
  if (view.unclaimed.empty()) unclaimed.sample(0, {{"handler", ""}});
  for (const storage::HandlerBacklog& each : view.unclaimed) {
    unclaimed.sample(each.open, {{"handler", each.handler}});
  }
  MetricFamily& overdue = families.gauge("deliveries_overdue_seconds",
                                         "Time since a delivery to the handler should have been "
                                         "made, of the one that waits longest; 0 "
                                         "if none is late. A paused delivery is not late");
  for (std::size_t i = 0; i < view.next_due_ms.size(); ++i) {
    const std::int64_t late_ms = view.now_ms - view.next_due_ms[i].value_or(view.now_ms);
    overdue.sample(seconds_of(std::max<std::int64_t>(0, late_ms)), {{"handler", view.served[i]}});
  }
  std::map<std::string_view, bool> paused;
  for (const std::string& handler : view.served) paused[handler] = false;
  for (const storage::PauseRecord& pause : view.pauses) {
    if (!pause.handler.empty()) {
      paused[pause.handler] = true;
      continue;
    }
    for (const std::string& handler : view.served) paused[handler] = true;
  }
  if (paused.empty()) paused[""] = false;
  MetricFamily& family = families.gauge(
      "handler_paused", "1 if deliveries to the handler are paused, all or some of them");
  for (const auto& [handler, is_paused] : paused) {
    family.sample(is_paused ? 1 : 0, {{"handler", std::string(handler)}});
  }
}

void collect_keys(MetricFamilies& families, const Merchants& merchants) {
  MetricFamily& keys =
      families.gauge("key_expiry_timestamp_seconds",
                     "Expiry time of a platform certificate, Unix time; +Inf: a public "
                     "key, which does not expire");
  for (const Merchant& merchant : merchants.all()) {
    for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
      const double end = key.expires_at
                             ? static_cast<double>(key.expires_at->time_since_epoch().count())
                             : std::numeric_limits<double>::infinity();
      keys.sample(end, {{"mchid", merchant.mchid},
                        {"serial", key.serial},
                        {"kind", std::string(crypto::to_string(key.kind))}});
    }
  }
}

void collect_certificate_upkeep(MetricFamilies& families,
                                const std::vector<CertificateStatus>& all) {
  MetricFamily& fetches = families.counter(
      "certificate_fetches_total", "Fetches of platform certificates, by merchant and outcome");
  MetricFamily& keeps = families.counter("certificate_keeps_total",
                                         "Attempts to store platform certificates in files");
  MetricFamily& unsaved =
      families.gauge("certificates_unkept",
                     "1 if platform certificates cannot be stored in "
                     "api.certificate_directory, and are lost when this process ends");
  for (const CertificateStatus& upkeep : all) {
    const auto labels = [&](std::string outcome) {
      return MetricLabels{{"mchid", upkeep.mchid}, {"outcome", std::move(outcome)}};
    };
    fetches.sample(upkeep.fetches, labels("ok")).sample(upkeep.fetch_failures, labels("failed"));
    keeps.sample(upkeep.keeps, labels("ok")).sample(upkeep.keep_failures, labels("failed"));
    unsaved.sample(upkeep.keep_error.empty() ? 0 : 1, {{"mchid", upkeep.mchid}});
  }
}

void collect_reloads(MetricFamilies& families, const StatusView& view) {
  MetricFamily& reloads = families.counter(
      "reloads_total", "Loads of keys, certificates and secrets while running, by unit");
  for (const auto& [unit, state] : view.reloads) {
    reloads.sample(state.ok, {{"unit", unit}, {"outcome", "ok"}})
        .sample(state.refused, {{"unit", unit}, {"outcome", "refused"}});
  }
  MetricFamily& certificates =
      families.gauge("certificate_expiry_timestamp_seconds",
                     "Expiry time of a listener's TLS certificate, Unix time");
  for (const ServedCertificate& each : view.certificates) {
    if (!each.expires_at) continue;
    certificates.sample(each.expires_at->time_since_epoch().count(), {{"what", each.what}});
  }
}

void collect_reconciliation(MetricFamilies& families, const ReconcileCounts& counts) {
  families.counter("reconcile_comparisons_total", "Comparisons with WeChat Pay's records")
      .sample(counts.comparisons);
  families.counter("reconcile_missing_total", "Missing notifications that these comparisons found")
      .sample(counts.missing);
  families.counter("reconcile_admitted_total", "Missing notifications that were stored")
      .sample(counts.admitted);
  families.counter("reconcile_failures_total", "Comparisons that failed completely or in part")
      .sample(counts.failures);
}

void collect_alerts(MetricFamilies& families, const AlertCounters& counters) {
  MetricFamily& family =
      families.counter("alerts_total", "Messages to receivers of alerts, by outcome");
  for (std::size_t type = 0; type < kAlertTypes; ++type) {
    for (std::size_t outcome = 0; outcome < kAlertOutcomes; ++outcome) {
      const auto alert_type = static_cast<AlertType>(type);
      const auto alert_outcome = static_cast<AlertOutcome>(outcome);
      family.sample(counters.of(alert_type, alert_outcome),
                    {{"type", std::string(to_string(alert_type))},
                     {"outcome", std::string(to_string(alert_outcome))}});
    }
  }
}

}  // namespace

std::string metrics_text(const StatusView& view, const RuntimeFigures& runtime) {
  MetricFamilies families;
  collect_process(families, view);
  collect_replies(families, view.reply_counters);
  collect_store(families, view);
  if (view.counts) {
    collect_notifications(families, *view.counts);
    collect_deliveries(families, *view.counts, view.served, view.now_ms);
    collect_handlers(families, view);
  }
  collect_keys(families, *view.merchants);
  collect_certificate_upkeep(families, view.certificate_upkeep);
  collect_reloads(families, view);
  collect_reconciliation(families, view.reconciled);
  if (view.alerts != nullptr) collect_alerts(families, *view.alerts);
  collect_runtime(families, runtime);
  return families.text();
}

}  // namespace couponhook::server
