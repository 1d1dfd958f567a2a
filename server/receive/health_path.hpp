#pragma once

/// \file
/// Answers health checks of load balancers that can probe only the port of the notifications.

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "server/net/http_message.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Answers requests for `listener.health_path` on the public listener, and passes all other
/// requests on. The reply to a health check is 200 if this replica is ready to receive
/// notifications, else 503. It holds no reasons, because anybody can send the request; `GET
/// /readyz` on the status endpoint gives the reasons. Health checks are neither counted nor logged.
///
/// Thread-safe.
class HealthPath final : public RequestHandler {
 public:
  /// Finds out whether this replica is ready, and calls `done` with the answer on any thread. If
  /// `done` is not called, the replica counts as not ready.
  using Ask = std::function<void(std::function<void(bool)> done)>;
  using Now = std::function<SteadyClock::time_point()>;

  /// \param path path of the health check. If it is empty, no request is a health check.
  /// \param next handles all other requests; must outlive this object.
  HealthPath(std::string path, RequestHandler& next, Ask ask, Now now = SteadyClock::now);

  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view target,
                                            std::string_view peer) const override;
  [[nodiscard]] Task<Reply> handle(const Request& request) override;
  [[nodiscard]] Reply fault(HttpFault fault, std::string_view peer,
                            std::string_view detail) override;

 private:
  [[nodiscard]] bool is_at(std::string_view target) const;
  [[nodiscard]] Task<Reply> answer();

  const std::string path_;
  RequestHandler& next_;
  const Ask ask_;
  const Now now_;
  std::atomic<bool> is_ready_{false};
  /// Time until which `is_ready_` is the answer to a health check.
  std::atomic<SteadyClock::time_point> holds_until_{SteadyClock::time_point::min()};
};

}  // namespace couponhook::server
