#include "server/admin/audit_trail.hpp"

#include <utility>

#include "storage/transaction.hpp"

namespace couponhook::server {

AuditTrail::AuditTrail(std::shared_ptr<storage::Connection> connection, base::WallClock clock,
                       Log& log)
    : connection_(std::move(connection)), clock_(std::move(clock)), log_(log) {}

storage::AuditRecord AuditTrail::action(const Operator& by, std::string_view action,
                                        std::string target, std::string_view reason) const {
  storage::AuditRecord record;
  record.at_ms = base::to_unix_ms(clock_());
  record.by = by.name;
  record.from = by.from;
  record.action = action;
  record.target = std::move(target);
  record.reason = reason;
  return record;
}

void AuditTrail::log(const storage::AuditRecord& record) {
  if (!record.result.empty()) log_.audit(record);
}

storage::Connection::Result<void> AuditTrail::record(storage::AuditRecord record,
                                                     std::string_view result) {
  record.at_ms = base::to_unix_ms(clock_());
  auto written = storage::in_transaction(
      *connection_, [&] { return storage::add_audit(*connection_, &record, result); });
  log(record);
  if (!written) {
    log_.message(Severity::kError, "audit_failed",
                 "an action is only in this log and not in the store: " + written.error().message);
  }
  return written;
}

}  // namespace couponhook::server
