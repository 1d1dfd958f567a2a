#include "server/service/status_endpoint.hpp"

#include <utility>

#include "server/admin/configuration_json.hpp"
#include "server/config/environment.hpp"

namespace couponhook::server {
namespace {

/// Time that a health check waits for the store to commit a test row. If the commit takes longer,
/// the last known state of the store counts.
constexpr std::chrono::milliseconds kHealthPatience{500};

/// Returns the result of a job that is over, for the audit log.
std::string result_of(const RetryJob& job) {
  std::string result(to_string(job.state));
  result += ": " + std::to_string(job.done) + " of " + std::to_string(job.matched);
  if (job.already_there > 0) result += ", already_there " + std::to_string(job.already_there);
  if (!job.error.empty()) result += ": " + job.error;
  return result;
}

}  // namespace

StatusEndpoint::StatusEndpoint(const Config& config, OperatorConnections connections,
                               const Sources& sources)
    : handlers_(handler_names(config)),
      engine_(connections.reader->engine()),
      reader_(std::move(connections.reader)),
      readiness_(sources.inbox, sources.live.merchants, sources.deliveries.worker(), sources.clock,
                 config.listener.reply_budget),
      control_(std::move(connections.control)),
      audit_(control_, sources.clock, sources.log),
      job_control_(std::move(connections.retries)),
      job_audit_(job_control_, sources.clock, sources.log),
      retries_(
          storage::Reader(std::move(connections.retries_reader)),
          storage::DeliveryControl(job_control_), sources.clock, handlers_.served,
          [&deliveries = sources.deliveries] { deliveries.wake_all_replicas(); },
          [this](const RetryJob& job) {
            static_cast<void>(job_audit_.record(job.order.record, result_of(job)));
          }),
      deliveries_({reader_, sources.inbox, sources.live.merchants, sources.rules, handlers_,
                   [&deliveries = sources.deliveries] { deliveries.wake_all_replicas(); },
                   sources.log, audit_},
                  control_, retries_),
      intake_({sources.live.merchants, sources.rules, sources.inbox, sources.clock, audit_}),
      events_(reader_.connection()),
      admin_({sources.live.merchants,
              sources.reply_counters,
              sources.inbox,
              reader_,
              engine_,
              readiness_,
              sources.clock,
              sources.live.admin_tokens,
              handlers_,
              deliveries_,
              intake_,
              events_,
              sources.outbound.reconciled(),
              sources.unknown_serials,
              sources.signature_faults,
              sources.reloader.counters(),
              sources.outbound.certificates(),
              sources.live.tls,
              sources.live.admin_tls,
              audit_,
              sources.log,
              sources.history,
              sources.runtime_figures,
              [file = config.file, &environment = sources.environment] {
                return configuration_json(file, environment);
              },
              sources.alerts}) {}

Task<std::vector<std::string>> StatusEndpoint::reasons_against() {
  return readiness_.reasons_against(kHealthPatience);
}

}  // namespace couponhook::server
