#include "server/service/outbound_calls.hpp"

#include <utility>

#include "crypto/random.hpp"
#include "server/service/service_connections.hpp"

namespace couponhook::server {

OutboundCalls::OutboundCalls(const Config& config, Sources sources,
                             std::function<void(const std::string& mchid)> on_certificates)
    : sources_(std::move(sources)),
      certificates_(config, sources_.clock, crypto::system_random(), pace_, fetched_,
                    std::move(on_certificates), sources_.log) {}

std::optional<Problem> OutboundCalls::reconcile(const Config& config) {
  if (reconciler_) {
    reconciler_->reconfigure(config);
    return std::nullopt;
  }
  if (!Reconciler::has_work(config)) return std::nullopt;
  auto connections = open_reconciler_connections(sources_.store);
  if (!connections) {
    return Problem{config.file.string() + ": store.url", connections.error().message};
  }
  reconciler_.emplace(config, std::move(*connections),
                      ReconcilerSources{sources_.rules, sources_.inbox, reconciled_, sources_.clock,
                                        crypto::system_random(), pace_, fetched_, sources_.log});
  reconciler_->start();
  return std::nullopt;
}

std::optional<Problem> OutboundCalls::reconfigure(const Config& config) {
  certificates_.reconfigure(config);
  return reconcile(config);
}

void OutboundCalls::ask_to_stop() {
  certificates_.ask_to_stop();
  if (reconciler_) reconciler_->ask_to_stop();
}

}  // namespace couponhook::server
