#pragma once

/// \file
/// The status endpoint: answers operators' requests on the admin listener.

#include <string>

#include "base/clock.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/delivery_admin.hpp"
#include "server/admin/event_admin.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/admin/readiness.hpp"
#include "server/admin/reconcile_intake.hpp"
#include "server/admin/retry_jobs.hpp"
#include "server/log/log.hpp"
#include "server/receive/reply_counters.hpp"
#include "server/receive/signature_faults.hpp"
#include "server/receive/unknown_serials.hpp"
#include "server/service/handler_delivery.hpp"
#include "server/service/live_setup.hpp"
#include "server/service/outbound_calls.hpp"
#include "server/service/reloader.hpp"
#include "server/service/service_connections.hpp"

namespace couponhook::server {

/// The request handler of the admin listener, and the operators' actions behind it.
class StatusEndpoint {
 public:
  /// Parts of the service that operators see or change. All must outlive the StatusEndpoint.
  struct Sources {
    LiveSetup& live;
    const ReceiveRules& rules;
    storage::Inbox& inbox;
    HandlerDelivery& deliveries;
    OutboundCalls& outbound;
    const Reloader& reloader;
    const ReplyCounters& reply_counters;
    const UnknownSerials& unknown_serials;
    const SignatureFaults& signature_faults;
    base::WallClock clock;
    Log& log;
  };

  StatusEndpoint(const Config& config, OperatorConnections connections, const Sources& sources);

  [[nodiscard]] RequestHandler& request_handler() { return admin_; }
  /// Checks whether this replica is ready, as `GET /readyz` does. Run the task on the thread of the
  /// admin listener.
  [[nodiscard]] Task<bool> is_ready();
  /// Makes this replica report "not ready" from now on, and ends the event streams. Thread-safe.
  void begin_drain() {
    readiness_.begin_drain();
    events_.begin_drain();
  }

 private:
  const HandlerNames handlers_;
  const std::string engine_;
  storage::Reader reader_;
  Readiness readiness_;
  RetryJobs retries_;
  DeliveryAdmin deliveries_;
  ReconcileIntake intake_;
  EventAdmin events_;
  Admin admin_;
};

}  // namespace couponhook::server
