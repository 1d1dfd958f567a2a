#include "server/commands/command_audit.hpp"

#include <array>
#include <ostream>
#include <utility>

#include <pwd.h>
#include <unistd.h>

#include "server/log/audit_line.hpp"
#include "storage/transaction.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kCommandLine = "command line";

/// Returns the name of the user who runs this process, or the number of a user without a name. With
/// sudo, all users are root; then the name of the user who called sudo follows.
std::string user_name(const Environment& environment) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t uid = ::getuid();
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0) found = nullptr;
  std::string name = found == nullptr ? std::to_string(uid) : std::string(found->pw_name);
  const auto caller = environment("SUDO_USER");
  if (uid == 0 && caller && !caller->empty()) name += " (sudo: " + *caller + ")";
  return name;
}

}  // namespace

storage::AuditRecord command_action(Runtime& runtime, std::string_view action, std::string target,
                                    const std::string& reason) {
  storage::AuditRecord record;
  record.by = user_name(runtime.environment);
  record.from = kCommandLine;
  record.action = action;
  record.target = std::move(target);
  record.reason = reason;
  return record;
}

storage::Connection::Result<void> record_command(storage::Store& store, const LogConfig& log,
                                                 storage::AuditRecord record,
                                                 std::string_view result, Runtime& runtime) {
  record.at_ms = base::to_unix_ms(runtime.clock());
  record.result = result;
  auto connection = store.writer();
  storage::Connection::Result<void> written;
  if (connection) {
    written = storage::in_transaction(
        **connection, [&] { return storage::add_audit(**connection, &record, result); });
  } else {
    written = connection.error();
  }
  runtime.err << audit_line(record, log) << std::endl;
  return written;
}

}  // namespace couponhook::server
