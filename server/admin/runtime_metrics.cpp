#include "server/admin/runtime_metrics.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "server/admin/metric_families.hpp"

namespace couponhook::server {
namespace {

/// Microseconds in a second.
constexpr double kMicroseconds = 1e6;

void collect_handler_calls(MetricFamilies& families, const std::vector<HandlerFigures>& handlers) {
  MetricFamily& attempts = families.counter(
      "delivery_attempts_total",
      "Attempts of this replica to make a delivery, by outcome. done: the handler took the event; "
      "retry: it failed and is tried again; dead: it failed for good; lost: the lease ended before "
      "the result was recorded, so the result does not count");
  MetricFamily& seconds = families.histogram(
      "delivery_seconds", "Time of a handler call of this replica, whatever its outcome");
  MetricFamily& open = families.gauge(
      "breaker_open",
      "1 while the handler's circuit breaker is open in this replica: after several failures in a "
      "row, its deliveries wait, and single attempts test whether the target is back");
  static constexpr std::array<std::pair<AttemptOutcome, std::string_view>, kAttemptOutcomes>
      kOutcomes{{{AttemptOutcome::kDone, "done"},
                 {AttemptOutcome::kRetry, "retry"},
                 {AttemptOutcome::kDead, "dead"},
                 {AttemptOutcome::kLost, "lost"}}};
  for (const HandlerFigures& each : handlers) {
    for (const auto& [outcome, name] : kOutcomes) {
      attempts.sample(each.attempts[static_cast<std::size_t>(outcome)],
                      {{"handler", each.handler}, {"outcome", std::string(name)}});
    }
    seconds.histogram(base::kWorkTimeBounds, each.call_times, kMicroseconds,
                      {{"handler", each.handler}});
    open.sample(each.is_breaker_open ? 1 : 0, {{"handler", each.handler}});
  }
}

void collect_listeners(MetricFamilies& families, const std::vector<ListenerFigures>& listeners) {
  MetricFamily& connections = families.gauge("connections", "Open connections, by listener");
  for (const ListenerFigures& each : listeners) {
    connections.sample(each.connections, {{"listener", each.listener}});
  }
  MetricFamily& handshakes = families.counter(
      "tls_handshakes_total",
      "Finished TLS handshakes of all listeners, by protocol version; resumed: the client resumed "
      "an earlier session, which costs less");
  HandshakeCounts sum{};
  for (const ListenerFigures& each : listeners) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += each.handshakes[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const HandshakeKind kind = handshake_kind(i);
    handshakes.sample(sum[i], {{"version", kind.is_tls_1_3 ? "1.3" : "1.2"},
                               {"resumed", kind.is_resumed ? "true" : "false"}});
  }
  MetricFamily& certificates =
      families.gauge("listener_certificate_expiry_timestamp_seconds",
                     "Expiry time of the TLS certificate that a listener uses, Unix time");
  for (const ListenerFigures& each : listeners) {
    if (!each.certificate_end) continue;
    certificates.sample(each.certificate_end->time_since_epoch().count(),
                        {{"listener", each.listener}});
  }
}

void collect_process_figures(MetricFamilies& families, const ProcessFigures& process) {
  using prometheus::MetricType;
  const auto add = [&](const char* name, const char* help, MetricType type, const auto& value) {
    if (value) families.process(name, help, type).sample(*value);
  };
  add("cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricType::Counter,
      process.cpu_seconds);
  add("open_fds", "Number of open file descriptors.", MetricType::Gauge, process.open_files);
  add("max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
      process.max_open_files);
  add("virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
      process.virtual_bytes);
  add("resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge,
      process.resident_bytes);
  add("start_time_seconds", "Start time of the process since unix epoch in seconds.",
      MetricType::Gauge, process.start_time);
}

}  // namespace

void collect_runtime(MetricFamilies& families, const RuntimeFigures& figures) {
  collect_handler_calls(families, figures.handlers);
  families
      .histogram("commit_seconds",
                 "Time of a successful commit of this replica, from the begin of its transaction")
      .histogram(base::kWorkTimeBounds, figures.commits.times, kMicroseconds);
  families
      .histogram("commit_rows",
                 "Notifications, copies, quarantined bodies and test rows in one commit")
      .histogram(base::kRowBounds, figures.commits.rows, 1);
  families
      .histogram("verify_seconds",
                 "Time of the check of a notification's signature, whether it is valid or not")
      .histogram(base::kVerifyTimeBounds, figures.verify_times, kMicroseconds);
  if (figures.clock_offset) {
    families
        .gauge("clock_offset_seconds",
               "WeChat Pay's clock minus this machine's clock: Wechatpay-Timestamp of the latest "
               "notification with a valid signature minus its arrival; whole seconds and the time "
               "on the network make it up to about a second too low")
        .sample(std::chrono::duration<double>(*figures.clock_offset).count());
  }
  if (figures.store_free_bytes) {
    families
        .gauge("store_free_bytes",
               "Free bytes of the file system with the SQLite store, for processes that are not "
               "root")
        .sample(*figures.store_free_bytes);
  }
  collect_listeners(families, figures.listeners);
  collect_process_figures(families, figures.process);
}

}  // namespace couponhook::server
