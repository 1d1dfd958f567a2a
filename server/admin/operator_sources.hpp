#pragma once

/// \file
/// References and handler names that the classes for operators' actions share (retry, skip, pause,
/// quarantine).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/live.hpp"
#include "server/admin/audit_trail.hpp"
#include "server/config/config.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Names of the configured handlers. An operator's action that names a handler is checked against
/// these names.
struct HandlerNames {
  /// Names of the handlers that receive deliveries after an event is committed.
  std::vector<std::string> served;
  /// Names of the handlers of type ledger. These handlers write to the ledger in the transaction
  /// that stores the notification, and receive no deliveries.
  std::vector<std::string> ledgers;
};

/// Returns the names of the handlers in the configuration.
[[nodiscard]] HandlerNames handler_names(const Config& config);

/// Checks that a handler can receive deliveries, so that deliveries can be moved to this handler or
/// paused for it.
/// \return an empty text if the handler can receive deliveries; otherwise the reason why it cannot,
///   with the names of the handlers that can.
[[nodiscard]] std::string why_not_served(const HandlerNames& names, std::string_view handler);

/// References that the operators' actions need: the store, the merchants' keys, the handler names,
/// the log and the audit log. All referenced objects must outlive the objects that use this struct.
struct OperatorSources {
  storage::Reader& reader;
  storage::Inbox& inbox;
  const base::Live<Merchants>& merchants;
  const ReceiveRules& rules;
  const HandlerNames& handlers;
  /// Function that wakes the delivery worker, after an operator's action has made deliveries ready
  /// to be made now.
  std::function<void()> wake_worker;
  Log& log;
  AuditTrail& audit;
};

/// Longest reason that an operator may give for an action, in bytes. A longer reason is refused.
inline constexpr std::size_t kReasonMax = 1000;

}  // namespace couponhook::server
