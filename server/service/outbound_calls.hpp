#pragma once

/// \file
/// Calls to WeChat Pay that the service makes by itself: it downloads platform certificates, and
/// compares the store with WeChat Pay's own records.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "server/outbound/certificate_keeper.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "server/outbound/reconciler.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// The certificate keeper and the reconciler. They share the rate at which the service calls WeChat
/// Pay.
class OutboundCalls {
 public:
  /// Parts of the service that the calls use. All referenced objects must outlive OutboundCalls.
  struct Sources {
    storage::Store& store;
    const ReceiveRules& rules;
    storage::Inbox& inbox;
    base::WallClock clock;
    Log& log;
  };

  /// Makes the parts; their threads are not started yet.
  /// \param on_certificates called on the certificate keeper's thread, with the id of a merchant
  ///   whose platform certificates changed.
  OutboundCalls(const Config& config, Sources sources,
                std::function<void(const std::string& mchid)> on_certificates);

  [[nodiscard]] CertificateKeeper& certificates() { return certificates_; }
  [[nodiscard]] const FetchedCertificates& fetched() const { return fetched_; }
  [[nodiscard]] const ReconcileCounters& reconciled() const { return reconciled_; }

  /// Starts to download platform certificates.
  void start_certificates() { certificates_.start(); }
  /// Starts the scheduled reconciliation with WeChat Pay's records, or gives it a new
  /// configuration. Does nothing if the configuration asks for no reconciliation.
  /// \return the problem if it cannot start.
  [[nodiscard]] std::optional<Problem> reconcile(const Config& config);
  /// Gives both parts a new configuration.
  /// \return the problem if the reconciliation cannot start.
  [[nodiscard]] std::optional<Problem> reconfigure(const Config& config);

  /// Ends the work of both parts permanently, and interrupts running calls.
  void ask_to_stop();
  /// Waits until the reconciler's thread has ended, so that it stores nothing any more.
  void stop_reconciler() { reconciler_.reset(); }

 private:
  Sources sources_;
  std::shared_ptr<CallPace> pace_ = std::make_shared<CallPace>();
  FetchedCertificates fetched_;
  CertificateKeeper certificates_;
  ReconcileCounters reconciled_;
  std::optional<Reconciler> reconciler_;
};

}  // namespace couponhook::server
