#include "server/service/status_endpoint.hpp"

#include <utility>

namespace couponhook::server {
namespace {

/// Time that a health check waits for the store to commit a test row. If the commit takes longer,
/// the last known state of the store counts.
constexpr std::chrono::milliseconds kHealthPatience{500};

}  // namespace

StatusEndpoint::StatusEndpoint(const Config& config, OperatorConnections connections,
                               const Sources& sources)
    : handlers_(handler_names(config)),
      engine_(connections.reader->engine()),
      reader_(std::move(connections.reader)),
      readiness_(sources.inbox, sources.live.merchants, sources.deliveries.worker(), sources.clock,
                 config.listener.reply_budget),
      retries_(storage::Reader(std::move(connections.retries_reader)),
               storage::DeliveryControl(std::move(connections.retries)), sources.clock,
               handlers_.served,
               [&deliveries = sources.deliveries] { deliveries.wake_all_replicas(); }),
      deliveries_(
          {reader_, sources.inbox, sources.live.merchants, sources.rules, handlers_, sources.clock,
           [&deliveries = sources.deliveries] { deliveries.wake_all_replicas(); }, sources.log},
          std::move(connections.control), retries_),
      intake_({sources.live.merchants, sources.rules, sources.inbox, sources.clock}),
      admin_({sources.live.merchants, sources.reply_counters, sources.inbox, reader_, engine_,
              readiness_, sources.clock, sources.live.admin_token, handlers_, deliveries_, intake_,
              sources.outbound.reconciled(), sources.unknown_serials, sources.signature_faults,
              sources.reloader.counters(), sources.outbound.certificates(), sources.live.tls,
              sources.live.admin_tls, sources.alerts}) {}

Task<bool> StatusEndpoint::is_ready() {
  const auto reasons = co_await reasons_against();
  co_return reasons.empty();
}

Task<std::vector<std::string>> StatusEndpoint::reasons_against() {
  return readiness_.reasons_against(kHealthPatience);
}

}  // namespace couponhook::server
