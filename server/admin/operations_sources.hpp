#pragma once

/// \file
/// What operators' requests work with.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Handlers as they are configured, for orders that name one.
struct HandlerNames {
  std::vector<std::string> served;   ///< deliveries are made to them
  std::vector<std::string> ledgers;  ///< of type ledger: these work within the commit
};

[[nodiscard]] HandlerNames handler_names(const Config& config);

/// Why deliveries can neither go to this handler nor be held back for it, with the names of those
/// for which they can; empty: they can.
[[nodiscard]] std::string why_not_served(const HandlerNames& names, std::string_view handler);

/// All references must outlive what works with it.
struct OperationsSources {
  storage::Reader& reader;
  storage::Inbox& inbox;
  const Live<Merchants>& merchants;
  const ReceiveRules& rules;
  const HandlerNames& handlers;
  base::WallClock clock;
  /// Tells the delivery worker that more has fallen due.
  std::function<void()> wake_worker;
  Log& log;
};

/// Who gives orders. There is one token, so it is one operator.
inline constexpr std::string_view kOperator = "admin";

/// What is kept of a reason that an operator gives.
inline constexpr std::size_t kReasonMax = 1000;

}  // namespace couponhook::server
