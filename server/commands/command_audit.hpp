#pragma once

/// \file
/// The audit log for commands that work on the store themselves, such as `store purge`. Only the
/// files in server/commands use this header.

#include <string>
#include <string_view>

#include "server/commands/command_line.hpp"
#include "storage/audit.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// Makes the record of an action of the user who runs this process, without its result.
[[nodiscard]] storage::AuditRecord command_action(Runtime& runtime, std::string_view action,
                                                  std::string target, const std::string& reason);

/// Writes the row in a transaction of its own, and the log line to the error stream in the format
/// that the configuration names.
/// \return the failure of the store; the log line is written in any case.
[[nodiscard]] storage::Connection::Result<void> record_command(storage::Store& store,
                                                               const LogConfig& log,
                                                               storage::AuditRecord record,
                                                               std::string_view result,
                                                               Runtime& runtime);

}  // namespace couponhook::server
