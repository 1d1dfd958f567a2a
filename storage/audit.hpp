#pragma once

/// \file
/// The audit log: one row for each action of an operator.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Longest text in a row of the audit log, in bytes. add_audit() cuts a longer text.
inline constexpr std::size_t kAuditTextMax = 1000;

/// One action of an operator. No member may hold a secret, an openid or a part of a body: `target`
/// and `result` are made of ids, names and numbers, and `reason` is what the operator wrote.
struct AuditRecord {
  std::int64_t sequence = 0;  ///< set only for a row that was read
  std::int64_t at_ms = 0;
  std::string by;      ///< name of the token, or of the operating system's user
  std::string from;    ///< IP address of the client, or "command line"
  std::string action;  ///< a fixed word to search for, such as "retry"
  std::string target;  ///< what was acted on, such as "delivery 17"
  std::string reason;  ///< reason that the operator gave; may be empty
  std::string result;  ///< a fixed word, which numbers may follow; empty: no row was written
};

struct AuditPage {
  std::vector<AuditRecord> items;
  std::optional<std::int64_t> next_before_sequence;
};

/// Writes a row in the open transaction of the connection, or in one of its own if none is open.
/// \param record receives the result, so that the caller can log the row after the commit. Null:
/// the function does nothing.
[[nodiscard]] Connection::Result<void> add_audit(Connection& connection, AuditRecord* record,
                                                 std::string_view result);

/// Reads one page of the audit log, the newest row first.
/// \param before the page has only rows with lower numbers.
[[nodiscard]] Connection::Result<AuditPage> audit_page(Connection& connection, std::int64_t limit,
                                                       std::optional<std::int64_t> before);

}  // namespace couponhook::storage
