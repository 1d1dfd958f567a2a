#include "server/receive/ledger_coverage.hpp"

namespace couponhook::server {

std::string why_ledger_is_short(const handlers::Registry& ledger,
                                std::span<const std::string_view> events) {
  std::string missing;
  for (const std::string_view event : events) {
    if (!ledger.match(event).empty()) continue;
    if (!missing.empty()) missing += " and ";
    missing += event;
  }
  if (missing.empty()) return {};
  return "no ledger handler stores " + missing +
         ", so it would be missing again in every comparison; add a [[handler]] of type \"ledger\" "
         "with events = [\"COUPON.*\", \"REFUND.*\"]";
}

}  // namespace couponhook::server
