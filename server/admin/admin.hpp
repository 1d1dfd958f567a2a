#pragma once

/// \file
/// Request handler of the admin listener, the private HTTP server for operators. It serves
/// liveness, readiness, metrics, status, stored notifications, and the operators' actions.

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "base/live.hpp"
#include "base/url.hpp"
#include "server/admin/admin_json.hpp"
#include "server/admin/admin_routes.hpp"
#include "server/admin/admin_tokens.hpp"
#include "server/admin/audit_admin.hpp"
#include "server/admin/delivery_admin.hpp"
#include "server/admin/event_admin.hpp"
#include "server/admin/failed_logins.hpp"
#include "server/admin/history_recorder.hpp"
#include "server/admin/readiness.hpp"
#include "server/admin/reconcile_intake.hpp"
#include "server/admin/runtime_metrics.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/alert/alert_counters.hpp"
#include "server/net/http_message.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/reply_counters.hpp"
#include "server/receive/signature_faults.hpp"
#include "server/receive/unknown_serials.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// References that the class Admin needs: the store, the keys, the counters and the other parts of
/// the service. All referenced objects must outlive the Admin object.
struct AdminSources {
  const base::Live<Merchants>& merchants;
  const ReplyCounters& reply_counters;
  storage::Inbox& inbox;
  storage::Reader& reader;
  std::string_view engine;
  Readiness& readiness;
  base::WallClock clock;
  const base::Live<AdminTokens>& tokens;
  const HandlerNames& handlers;
  DeliveryAdmin& operations;
  ReconcileIntake& reconcile_intake;
  EventAdmin& events;
  const ReconcileCounters& reconciled;
  const UnknownSerials& unknown_serials;
  const SignatureFaults& signature_faults;
  const ReloadCounters& reloads;
  const CertificateKeeper& certificates;
  const base::Live<ServedTls>& tls;
  const base::Live<ServedTls>& admin_tls;
  AuditTrail& audit;
  Log& log;
  const HistoryRecorder& history;
  ReadRuntimeFigures runtime_figures;
  /// Returns the effective configuration as JSON, without secrets.
  std::function<std::string()> configuration;
  const AlertCounters& alerts;
};

/// Answers requests on the admin listener. The object runs on the admin listener's own thread, so
/// that the status endpoint still answers when the public listener is overloaded. A request may
/// block this thread while it reads from the store; each SQL statement of such a read has a time
/// limit (storage::StoreOptions::read_max).
class Admin final : public RequestHandler {
 public:
  explicit Admin(AdminSources sources);

  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view target,
                                            std::string_view peer) const override;
  [[nodiscard]] Task<Reply> handle(const Request& request) override;
  [[nodiscard]] Reply fault(HttpFault fault, std::string_view peer,
                            std::string_view detail) override;
  /// Reads all metrics, in the text format of Prometheus. Run the task on the thread of the admin
  /// listener.
  [[nodiscard]] Task<std::string> read_metrics();

 private:
  [[nodiscard]] static Reply method_not_allowed(const std::string& allow);
  [[nodiscard]] Task<Reply> refuse_login(const Request& request, bool sent_token);
  [[nodiscard]] Reply forbid(const Request& request, const AdminToken& token);
  [[nodiscard]] Task<Reply> ready();
  [[nodiscard]] Task<StatusView> read_status(std::chrono::milliseconds timeout);
  [[nodiscard]] Task<Reply> status();
  [[nodiscard]] Task<Reply> metrics();
  [[nodiscard]] Reply notifications(const base::RequestTarget& target);
  [[nodiscard]] Reply notification(std::string_view id, const base::RequestTarget& target);
  [[nodiscard]] Reply coupon(std::string_view stock_id, std::string_view coupon);

  void add_routes();

  AdminSources sources_;
  AuditAdmin audit_{sources_.reader, sources_.audit, sources_.log};
  FailedLogins failed_logins_;
  /// Routes that a client may request without the admin token.
  AdminRoutes open_routes_;
  AdminRoutes routes_;
  SteadyClock::time_point started_at_ = SteadyClock::now();
};

}  // namespace couponhook::server
