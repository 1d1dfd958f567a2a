#pragma once

/// \file
/// Answers WeChat Pay's requests: examines a notification, waits until it is committed to the
/// database and, if so configured, until handlers have finished, then replies.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "server/delivery/delivery_waiter.hpp"
#include "server/log/log.hpp"
#include "server/log/refusal_log.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "server/receive/reply_counters.hpp"
#include "server/receive/signature_faults.hpp"
#include "server/receive/signature_metrics.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

class CommitWait;

struct ReceiverOptions {
  std::chrono::milliseconds reply_budget;
  unsigned success_status;
  /// Function that is called on the thread of the HTTP session when a request names a platform key
  /// that is not loaded.
  std::function<void(std::string_view mchid, std::string_view serial)> on_unknown_serial = nullptr;
};

/// Handles all requests on the public listener, to which WeChat Pay sends notifications.
/// Thread-safe. All references must outlive this object and every request that it handles.
class Receiver final : public RequestHandler {
 public:
  Receiver(const base::Live<Merchants>& merchants, const ReceiveRules& rules, storage::Inbox& inbox,
           DeliveryWaiter& delivery_waiter, ReplyCounters& reply_counters, Log& log,
           base::WallClock clock, ReceiverOptions options);

  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view target,
                                            std::string_view peer) const override;
  [[nodiscard]] Task<Reply> handle(const Request& request) override;
  [[nodiscard]] Reply fault(HttpFault fault, std::string_view peer,
                            std::string_view detail) override;
  /// Changes of requests that made their signatures wrong, as they were found since the start.
  [[nodiscard]] const SignatureFaults& signature_faults() const { return signature_faults_; }
  [[nodiscard]] const SignatureMetrics& signature_metrics() const { return signature_metrics_; }
  /// Counts and logs connections that were closed to make room for new connections.
  void note_evictions(std::size_t connections);

 private:
  /// Returns advice about a request that is refused because of its path; may be empty.
  [[nodiscard]] std::string advice(Verdict verdict, std::string_view target) const;
  [[nodiscard]] Examined examine_and_measure(const Request& request, const Merchant& merchant,
                                             SteadyClock::time_point begun);
  [[nodiscard]] Task<Verdict> commit(Examined& examined, std::shared_ptr<CommitWait> wait,
                                     SteadyClock::time_point deadline);
  [[nodiscard]] Task<Verdict> handled(Verdict verdict, HandledRequest request,
                                      SteadyClock::time_point deadline);
  Reply finish(NotificationLine& line, SteadyClock::time_point begun, std::string_view hint);
  Reply log_and_reply(const NotificationLine& line, std::string_view hint);

  const base::Live<Merchants>& merchants_;
  const ReceiveRules& rules_;
  storage::Inbox& inbox_;
  DeliveryWaiter& delivery_waiter_;
  ReplyCounters& reply_counters_;
  Log& log_;
  mutable RefusalLog refusals_;
  SignatureFaults signature_faults_;
  SignatureMetrics signature_metrics_;
  base::WallClock clock_;
  ReceiverOptions options_;
};

}  // namespace couponhook::server
