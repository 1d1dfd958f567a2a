#pragma once

/// \file
/// Sends alerts to all receivers of the configuration, on a thread of its own.

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/alert/alert_counters.hpp"
#include "server/alert/alert_facts.hpp"
#include "server/alert/alert_sender.hpp"
#include "server/config/alert_config.hpp"
#include "server/delivery/delivery_thread.hpp"
#include "server/log/log.hpp"

namespace couponhook::server {

/// The receivers of alerts. Each fails alone, and none can slow down the receiving of
/// notifications: requests are sent on the alerter's own thread. Thread-safe, except start() and
/// stop().
class Alerter {
 public:
  /// \param replica name of this process in messages.
  /// \param counters and \param log must outlive the alerter.
  Alerter(std::string replica, base::WallClock clock, AlertCounters& counters, Log& log);

  ~Alerter() { stop(); }
  Alerter(const Alerter&) = delete;
  Alerter& operator=(const Alerter&) = delete;

  /// \param on_bug called with each uncaught exception of a task.
  void start(std::function<void(std::exception_ptr)> on_bug) {
    thread_.start(std::move(on_bug), "alert-io");
  }
  /// Stops the thread. Messages under way are dropped.
  void stop() { thread_.stop(); }

  /// Takes the receivers of a new configuration. Receivers that were there before are not told
  /// again of what they know.
  void reconfigure(std::vector<AlertConfig> alerts);
  /// Gives the snapshot to all receivers, which send messages about the causes in it.
  void tell(AlertFacts facts);

 private:
  void adopt(const std::vector<AlertConfig>& alerts);

  DeliveryThread thread_;
  AlertSenderSources sources_;
  /// Used on the thread only.
  std::vector<std::shared_ptr<AlertSender>> senders_;
};

}  // namespace couponhook::server
