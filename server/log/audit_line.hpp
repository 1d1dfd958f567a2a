#pragma once

/// \file
/// The log line about an action of an operator.

#include <string>

#include "server/config/config.hpp"
#include "storage/audit.hpp"

namespace couponhook::server {

/// Returns the fields of the log line about an action, without time and level.
/// \param json true for JSON, false for text, as LogConfig::format says.
[[nodiscard]] std::string audit_fields(const storage::AuditRecord& record, bool json);

/// Returns the whole log line, without a line end, for a command that writes its own log.
[[nodiscard]] std::string audit_line(const storage::AuditRecord& record, const LogConfig& config);

}  // namespace couponhook::server
