#include "storage/audit.hpp"

#include <array>
#include <limits>

#include "base/excerpt.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {

Connection::Result<void> add_audit(Connection& connection, AuditRecord* record,
                                   std::string_view result) {
  if (record == nullptr) return {};
  record->result = result;
  // A text of an operator may have any length and characters; a row is shown on one line.
  for (std::string* text : {&record->target, &record->reason, &record->result}) {
    *text = base::excerpt(*text, kAuditTextMax);
  }
  const std::array insert{
      Command(sql::kInsertAudit, {record->at_ms, record->by, record->from, record->action,
                                  record->target, record->reason, record->result})};
  std::vector<Rows> results;
  return connection.run(insert, results);
}

Connection::Result<AuditPage> audit_page(Connection& connection, std::int64_t limit,
                                         std::optional<std::int64_t> before) {
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  const std::array ask{Command(sql::kListAudit, {before.value_or(kLatest), limit + 1})};
  std::vector<Rows> results;
  if (auto asked = connection.run(ask, results); !asked) return asked.error();
  AuditPage page{sql::kListAudit.read_all(results[0]), std::nullopt};
  if (std::ssize(page.items) <= limit) return page;
  page.items.pop_back();
  page.next_before_sequence = page.items.back().sequence;
  return page;
}

}  // namespace couponhook::storage
