#include "server/admin/metrics.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace couponhook::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// One Prometheus metric family (a metric name with its samples), built sample by sample.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = "couponhook_" + std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  template <typename Number>
  Family& sample(Number value, Labels labels = {}) {
    ClientMetric& metric = add(std::move(labels));
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        static_cast<double>(value);
    return *this;
  }
  Family& histogram(const ReplyTimes& times) {
    ClientMetric::Histogram& histogram = add({}).histogram;
    const auto append = [&](std::uint64_t count, double bound) {
      histogram.sample_count += count;
      histogram.bucket.push_back({histogram.sample_count, bound});
    };
    for (std::size_t i = 0; i < kReplyTimeBounds.size(); ++i) {
      append(times.counts[i], seconds(kReplyTimeBounds[i]));
    }
    append(times.counts.back(), std::numeric_limits<double>::infinity());
    histogram.sample_sum = seconds(times.sum);
    return *this;
  }
  [[nodiscard]] MetricFamily take() { return std::move(family_); }

 private:
  static double seconds(std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
  }
  ClientMetric& add(Labels labels) {
    family_.metric.emplace_back().label = std::move(labels);
    return family_.metric.back();
  }

  MetricFamily family_;
};

/// All Prometheus metric families of the service (a family is a metric name with its samples), in
/// the order of the output.
class Families {
 public:
  Family& counter(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Counter);
  }
  Family& gauge(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Gauge);
  }
  Family& histogram(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Histogram);
  }
  [[nodiscard]] std::string text() {
    std::vector<MetricFamily> taken;
    taken.reserve(families_.size());
    for (Family& family : families_) taken.push_back(family.take());
    return prometheus::TextSerializer().Serialize(taken);
  }

 private:
  Family& add(std::string name, std::string help, MetricType type) {
    return families_.emplace_back(std::move(name), std::move(help), type);
  }

  // The list of families is a deque, so that references to its elements stay valid when an element
  // is added.
  std::deque<Family> families_;
};

double seconds_of(std::int64_t unix_ms) {
  return static_cast<double>(unix_ms) / 1000.0;
}

void collect_process(Families& families, const StatusView& view) {
  families
      .gauge("build_info", "Always 1; the labels show the running version and the store's engine")
      .sample(1, {{"version", std::string(view.version)}, {"engine", std::string(view.engine)}});
  families.gauge("uptime_seconds", "Seconds since this replica started")
      .sample(view.uptime.count());
  families.gauge("ready", "1 if a notification can be committed now, like GET /readyz; otherwise 0")
      .sample(view.ready ? 1 : 0);
}

void collect_replies(Families& families, const ReplyCounters& reply_counters) {
  Family& replies =
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
      .histogram(reply_counters.times());
  families
      .counter("connections_evicted_total",
               "Connections without a valid signature that were closed to make room for new ones "
               "because listener.max_connections was reached")
      .sample(reply_counters.evictions());
}

void collect_store(Families& families, const StatusView& view) {
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

void collect_notifications(Families& families, const storage::StoreCounts& counts) {
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
  if (!counts.by_type.empty()) {
    Family& types = families.counter("notifications_by_type_total",
                                     "Notifications stored, by event_type; of all replicas");
    for (const storage::TypeCount& type : counts.by_type) {
      types.sample(type.count, {{"type", type.event_type}});
    }
  }
  if (counts.last_received_at_ms) {
    families
        .gauge("last_received_timestamp_seconds",
               "When a notification was last received, Unix time")
        .sample(seconds_of(*counts.last_received_at_ms));
  }
}

void collect_deliveries(Families& families, const storage::StoreCounts& counts,
                        std::int64_t now_ms) {
  families.gauge("deliveries", "Deliveries by state; of all replicas")
      .sample(counts.deliveries_pending, {{"state", "pending"}})
      .sample(counts.deliveries_retrying, {{"state", "retrying"}})
      .sample(counts.deliveries_dead, {{"state", "dead"}})
      .sample(counts.deliveries_done, {{"state", "done"}})
      .sample(counts.deliveries_skipped, {{"state", "skipped"}});
  const std::int64_t oldest_ms = now_ms - counts.oldest_pending_at_ms.value_or(now_ms);
  families.gauge("deliveries_oldest_pending_seconds", "Age of the oldest open delivery")
      .sample(seconds_of(std::max<std::int64_t>(0, oldest_ms)));
}

/// Writes the metrics of the handlers. A handler counts as paused if a pause may hold back some or
/// all of its deliveries.
void collect_handlers(Families& families, const StatusView& view) {
  Family& unclaimed =
      families.gauge("deliveries_unclaimed",
                     "Open deliveries to handlers that this replica does not know: renamed or "
                     "removed ones");
  if (view.unclaimed.empty()) unclaimed.sample(0, {{"handler", ""}});
  for (const storage::HandlerBacklog& each : view.unclaimed) {
    unclaimed.sample(each.open, {{"handler", each.handler}});
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
  Family& family = families.gauge("handler_paused",
                                  "1 if deliveries to the handler are paused, all or some of them");
  for (const auto& [handler, is_paused] : paused) {
    family.sample(is_paused ? 1 : 0, {{"handler", std::string(handler)}});
  }
}

void collect_keys(Families& families, const Merchants& merchants) {
  Family& keys = families.gauge("key_expiry_timestamp_seconds",
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

void collect_certificate_upkeep(Families& families, const std::vector<CertificateStatus>& all) {
  if (all.empty()) return;  // leave out a metric family that has no samples
  Family& fetches = families.counter("certificate_fetches_total",
                                     "Fetches of platform certificates, by merchant and outcome");
  Family& keeps = families.counter("certificate_keeps_total",
                                   "Attempts to store platform certificates in files");
  Family& unsaved =
      families.gauge("certificates_unkept",
                     "1 if platform certificates cannot be stored in "
                     "api.certificate_directory, and are lost when this process ends");
  for (const CertificateStatus& upkeep : all) {
    const auto labels = [&](std::string outcome) {
      return Labels{{"mchid", upkeep.mchid}, {"outcome", std::move(outcome)}};
    };
    fetches.sample(upkeep.fetches, labels("ok")).sample(upkeep.fetch_failures, labels("failed"));
    keeps.sample(upkeep.keeps, labels("ok")).sample(upkeep.keep_failures, labels("failed"));
    unsaved.sample(upkeep.keep_error.empty() ? 0 : 1, {{"mchid", upkeep.mchid}});
  }
}

void collect_reloads(Families& families, const StatusView& view) {
  if (!view.reloads.empty()) {
    Family& reloads = families.counter(
        "reloads_total", "Loads of keys, certificates and secrets while running, by unit");
    for (const auto& [unit, state] : view.reloads) {
      reloads.sample(state.ok, {{"unit", unit}, {"outcome", "ok"}})
          .sample(state.refused, {{"unit", unit}, {"outcome", "refused"}});
    }
  }
  const auto ends = [](const ServedCertificate& each) { return each.expires_at.has_value(); };
  if (std::ranges::none_of(view.certificates, ends)) return;
  Family& certificates = families.gauge("certificate_expiry_timestamp_seconds",
                                        "Expiry time of a listener's TLS certificate, Unix time");
  for (const ServedCertificate& each : view.certificates) {
    if (!ends(each)) continue;
    certificates.sample(each.expires_at->time_since_epoch().count(), {{"what", each.what}});
  }
}

void collect_reconciliation(Families& families, const ReconcileCounts& counts) {
  families.counter("reconcile_comparisons_total", "Comparisons with WeChat Pay's records")
      .sample(counts.comparisons);
  families.counter("reconcile_missing_total", "Missing notifications that these comparisons found")
      .sample(counts.missing);
  families.counter("reconcile_admitted_total", "Missing notifications that were stored")
      .sample(counts.admitted);
  families.counter("reconcile_failures_total", "Comparisons that failed completely or in part")
      .sample(counts.failures);
}

void collect_alerts(Families& families, const AlertCounters& counters) {
  Family& family = families.counter("alerts_total", "Messages to receivers of alerts, by outcome");
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

std::string metrics_text(const StatusView& view) {
  Families families;
  collect_process(families, view);
  collect_replies(families, view.reply_counters);
  collect_store(families, view);
  if (view.counts) {
    collect_notifications(families, *view.counts);
    collect_deliveries(families, *view.counts, view.now_ms);
    collect_handlers(families, view);
  }
  collect_keys(families, *view.merchants);
  collect_certificate_upkeep(families, view.certificate_upkeep);
  collect_reloads(families, view);
  collect_reconciliation(families, view.reconciled);
  if (view.alerts != nullptr) collect_alerts(families, *view.alerts);
  return families.text();
}

}  // namespace couponhook::server
