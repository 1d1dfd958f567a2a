#include "server/admin/operator_sources.hpp"

#include <algorithm>

#include <boost/algorithm/string/join.hpp>

namespace couponhook::server {

HandlerNames handler_names(const Config& config) {
  HandlerNames names;
  for (const HandlerConfig& handler : config.handlers) {
    (handler.type == "ledger" ? names.ledgers : names.served).push_back(handler.name);
  }
  return names;
}

std::string why_not_served(const HandlerNames& names, std::string_view handler) {
  if (std::ranges::find(names.served, handler) != names.served.end()) return {};
  const bool keeps_ledger = std::ranges::find(names.ledgers, handler) != names.ledgers.end();
  return "handler " + std::string(handler) +
         (keeps_ledger ? " is a ledger handler, which has no deliveries" : " is not configured") +
         "; handlers with deliveries are: " +
         (names.served.empty() ? "none" : boost::algorithm::join(names.served, ", "));
}

}  // namespace couponhook::server
