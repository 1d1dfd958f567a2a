#pragma once

/// \file
/// The status endpoint: answers operators' requests on the admin listener.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/delivery_admin.hpp"
#include "server/admin/event_admin.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/admin/readiness.hpp"
#include "server/admin/reconcile_intake.hpp"
#include "server/admin/retry_jobs.hpp"
#include "server/alert/alert_counters.hpp"
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
    const HistoryRecorder& history;
    ReadRuntimeFigures runtime_figures;
    const AlertCounters& alerts;
    const Environment& environment;
    base::WallClock clock;
    Log& log;
  };

  StatusEndpoint(const Config& config, OperatorConnections connections, const Sources& sources);

  [[nodiscard]] RequestHandler& request_handler() { return admin_; }
  /// Returns the reasons why this replica is not ready, as `GET /readyz` does; empty if it is. Run
  /// the task on the thread of the admin listener.
  [[nodiscard]] Task<std::vector<std::string>> reasons_against();
  /// Reads all metrics, as `GET /metrics` does. Run the task on the thread of the admin listener.
  [[nodiscard]] Task<std::string> read_metrics() { return admin_.read_metrics(); }
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
  /// Connection for operators' actions, and for their rows in the audit log; used by the thread of
  /// the admin listener.
  std::shared_ptr<storage::Connection> control_;
  AuditTrail audit_;
  /// Connection for jobs, and for the rows of jobs that end; used by the thread of the jobs.
  std::shared_ptr<storage::Connection> job_control_;
  AuditTrail job_audit_;
  RetryJobs retries_;
  DeliveryAdmin deliveries_;
  ReconcileIntake intake_;
  EventAdmin events_;
  Admin admin_;
};

}  // namespace couponhook::server
