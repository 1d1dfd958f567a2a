#pragma once

/// \file
/// Objects and handler names that the operators' actions work with.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Names of the configured handlers, to check the handler that an action names.
struct HandlerNames {
  std::vector<std::string> served;   ///< handlers that receive deliveries
  std::vector<std::string> ledgers;  ///< handlers of type ledger, which run inside the commit
};

/// Reads the names from the configuration.
[[nodiscard]] HandlerNames handler_names(const Config& config);

/// Checks that a handler can receive deliveries, so that they can be moved to it or paused for it.
/// \return the reason when it cannot, with the names of the handlers that can; else empty.
[[nodiscard]] std::string why_not_served(const HandlerNames& names, std::string_view handler);

/// Objects that the operators' actions work with. All references must outlive the actions' classes.
struct OperatorSources {
  storage::Reader& reader;
  storage::Inbox& inbox;
  const base::Live<Merchants>& merchants;
  const ReceiveRules& rules;
  const HandlerNames& handlers;
  base::WallClock clock;
  /// Wakes the delivery worker, because more deliveries are due.
  std::function<void()> wake_worker;
  Log& log;
};

/// Name of the operator in logs and records. There is only one token, so all actions have the same
/// name.
inline constexpr std::string_view kOperator = "admin";

/// Longest reason that an operator may give, in bytes. Longer reasons are refused.
inline constexpr std::size_t kReasonMax = 1000;

}  // namespace couponhook::server
