#pragma once

/// \file
/// Tells one receiver of alerts what needs a person.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/alert/alert_counters.hpp"
#include "server/alert/alert_facts.hpp"
#include "server/alert/alert_target.hpp"
#include "server/alert/message_pace.hpp"
#include "server/alert/told_causes.hpp"
#include "server/log/log.hpp"

namespace couponhook::server {

/// Objects that all senders use. All referenced objects must outlive the senders.
struct AlertSenderSources {
  AlertNetwork network;
  std::string replica;
  base::WallClock clock;
  AlertCounters& counters;
  Log& log;
};

/// Sends the alerts of one [[alert]], one request at a time. Causes that begin together, or while
/// no message may be sent, come in one message; a receiver of type http gets one request for each.
///
/// Used on the thread of the network's io_context only.
class AlertSender : public std::enable_shared_from_this<AlertSender> {
 public:
  /// \param number place of the [[alert]] in the configuration, from 1.
  AlertSender(AlertConfig config, std::size_t number, const AlertSenderSources& sources);

  /// Takes a new snapshot, and begins to send what must be told now.
  void tell(const AlertFacts& facts);
  /// Takes new settings for the same receiver, and tries again at once if it refused messages.
  void reconfigure(AlertConfig config, std::size_t number);
  [[nodiscard]] const AlertConfig& config() const { return config_; }

 private:
  Task<void> send(std::vector<AlertItem> items, AlertTime now);
  Task<AlertAnswer> send_to(const AlertTarget& target, const std::vector<AlertItem>& items,
                            AlertTime now);
  Task<AlertAnswer> post(const AlertTarget& target, const ClientRequest& request);
  void note(const AlertAnswer& answer, const std::vector<AlertItem>& items);
  [[nodiscard]] ToldCauses::Terms terms() const { return {config_.remind, config_.over_after}; }
  [[nodiscard]] std::string name() const;

  AlertConfig config_;
  std::size_t number_;
  const AlertSenderSources& sources_;
  ToldCauses told_;
  MessagePace pace_;
  bool is_sending_ = false;
  /// The last failure that was logged; empty after a success. The same failure is logged once.
  std::string logged_;
};

}  // namespace couponhook::server
