#include "server/commands/store.hpp"

#include <ostream>

#include "base/wechat_time.hpp"
#include "server/commands/command_audit.hpp"
#include "server/log/audit_line.hpp"
#include "storage/transfer/sqlite_backup.hpp"

namespace couponhook::server {

std::optional<ConfiguredStore> find_store(const CommonOptions& common, Runtime& runtime) {
  auto config = load_config_or_print(common, runtime);
  if (!config) return std::nullopt;
  const std::string where = config->file.string() + ": store.url";
  auto url = storage::parse_store_url(config->store.url, config->directory);
  if (!url) {
    print_problems(runtime, {{where, url.error().message}});
    return std::nullopt;
  }
  return ConfiguredStore{std::move(*config), std::move(*url), where};
}

Exit fail(Runtime& runtime, const std::string& where, const storage::Failure& failure) {
  print_problems(runtime, {{where, failure.message}});
  return Exit::kFailed;
}

namespace {

/// Checks that the store can be copied as a file.
/// \return true for an SQLite store. For PostgreSQL, prints which tools to use instead, and returns
///   false.
bool is_file(const ConfiguredStore& store, Runtime& runtime) {
  if (store.url.engine == "sqlite") return true;
  print_problems(runtime,
                 {{store.where,
                   "backup and restore copy the file of an SQLite store; for PostgreSQL use "
                   "pg_dump and pg_restore, or the database's own backups"}});
  return false;
}

/// Prints the failure of a backup or restore.
/// \param store the configured store. The message names the store's configuration key, unless the
///   backup file is the cause.
/// \return the exit code.
Exit fail(Runtime& runtime, const ConfiguredStore& store, const storage::BackupFailure& failure) {
  return fail(runtime, failure.in_backup ? "FILE" : store.where, failure);
}

void print_facts(const storage::BackupFacts& facts, std::ostream& out) {
  out << facts.notifications << " notifications, " << facts.size_bytes << " bytes, schema version "
      << facts.schema_version;
  if (facts.last_received_at_ms) {
    out << ", last received " << base::format_unix_ms(*facts.last_received_at_ms);
  }
  out << '\n';
}

Exit backup(const CommonOptions& common, const std::filesystem::path& to, Runtime& runtime) {
  const auto store = find_store(common, runtime);
  if (!store || !is_file(*store, runtime)) return Exit::kUsage;
  WorkDisplay display(runtime);
  const auto facts = storage::back_up_sqlite(store->url.path, to, display.observer());
  display.clear();
  if (!facts) return fail(runtime, *store, facts.error());
  runtime.out << "backed up to " << to.string() << ", checked: ";
  print_facts(*facts, runtime.out);
  return Exit::kOk;
}

/// Returns the suffix for the name of a file that a restore moves aside, for example
/// ".before-restore-20240131T235959Z".
std::string aside_suffix(Runtime& runtime) {
  std::string time = base::format_unix_ms(base::to_unix_ms(runtime.clock()));
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return ".before-restore-" + time.substr(0, time.find('.')) + "Z";
}

/// Writes the row about a restore to the restored store. A store with an older schema has no audit
/// log until the service is started; then only the log line tells of the restore.
void record_restore(const ConfiguredStore& at_hand, const std::filesystem::path& from,
                    const std::string& reason, Runtime& runtime) {
  auto record =
      command_action(runtime, "restore", "store from " + from.filename().string(), reason);
  const auto store = storage::Store::join(at_hand.url, {});
  if (!store) {
    record.at_ms = base::to_unix_ms(runtime.clock());
    record.result = "done";
    runtime.err << audit_line(record, at_hand.config.log) << '\n';
    return;
  }
  const auto noted = record_command(**store, at_hand.config.log, record, "done", runtime);
  if (!noted) print_problems(runtime, {{at_hand.where, noted.error().message}});
}

Exit restore(const CommonOptions& common, const std::filesystem::path& from,
             const std::string& reason, Runtime& runtime) {
  const auto store = find_store(common, runtime);
  if (!store || !is_file(*store, runtime)) return Exit::kUsage;
  WorkDisplay display(runtime);
  const auto restored =
      storage::restore_sqlite(store->url.path, from, aside_suffix(runtime), display.observer());
  display.clear();
  if (!restored) return fail(runtime, *store, restored.error());
  record_restore(*store, from, reason, runtime);
  runtime.out << "restored " << store->url.path.string() << ", checked: ";
  print_facts(restored->facts, runtime.out);
  if (restored->set_aside) {
    runtime.out << "the previous store was kept as " << restored->set_aside->string() << '\n';
  }
  runtime.out
      << "notifications received after the backup are missing: `couponhook reconcile` finds them\n";
  return Exit::kOk;
}

void declare_backup(CommandGroup& group, CommonOptions& common, Runtime& runtime) {
  const auto to = std::make_shared<std::filesystem::path>();
  Options options =
      group.add("backup", "Copy an SQLite store to a new file, while the service runs or not",
                [&common, &runtime, to] { return backup(common, *to, runtime); });
  add_config_option(options, common);
  options.required_path("FILE", *to, "File to create");
}

void declare_restore(CommandGroup& group, CommonOptions& common, Runtime& runtime) {
  const auto from = std::make_shared<std::filesystem::path>();
  const auto reason = std::make_shared<std::string>();
  Options options = group.add(
      "restore", "Replace the store by a backup; stop the service first",
      [&common, &runtime, from, reason] { return restore(common, *from, *reason, runtime); });
  add_config_option(options, common);
  options.text("--reason", *reason, "Reason, for the audit log");
  options.required_path("FILE", *from, "The backup");
}

}  // namespace

void declare_store(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("store", "Back up, restore, migrate and purge the store");
  declare_backup(group, common, runtime);
  declare_restore(group, common, runtime);
  declare_store_migrate(group, common, runtime);
  declare_store_purge(group, common, runtime);
}

}  // namespace couponhook::server
