#include "server/commands/store.hpp"
#include "storage/migrations.hpp"
#include "storage/transfer/copy.hpp"

namespace couponhook::server {
namespace {

struct MigrateOptions {
  std::string to;
  bool dry_run = false;
};

std::string steps(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " step" : " steps");
}

Exit print_steps(const ConfiguredStore& store, Runtime& runtime) {
  const auto version = storage::Store::schema_version(store.url, {});
  if (!version) return fail(runtime, store.where, version.error());
  std::int64_t missing = 0;
  for (const storage::Migration& step : storage::migrations()) {
    if (step.version <= *version) continue;
    ++missing;
    runtime.out << "-- step to schema version " << step.version
                << "; couponhook that knows version " << step.works_with << " goes on working\n"
                << storage::in_dialect(step.script, storage::dialect_of(store.url.engine)) << '\n';
  }
  runtime.out << "schema version " << *version << " of " << storage::current_schema_version()
              << ": " << steps(missing) << " to take\n";
  return Exit::kOk;
}

Exit migrate_schema(const ConfiguredStore& store, bool dry_run, Runtime& runtime) {
  if (dry_run) return print_steps(store, runtime);
  const auto before = storage::Store::schema_version(store.url, {});
  if (!before) return fail(runtime, store.where, before.error());
  const auto opened = storage::Store::open(store.url, {}, base::to_unix_ms(runtime.clock()));
  if (!opened) return fail(runtime, store.where, opened.error());
  runtime.out << "schema version " << storage::current_schema_version() << ", "
              << steps(storage::current_schema_version() - *before) << " taken\n";
  return Exit::kOk;
}

Exit copy(const ConfiguredStore& store, const std::string& to, bool dry_run, Runtime& runtime) {
  const auto target = storage::parse_store_url(to, store.config.directory);
  if (!target) {
    print_problems(runtime, {{"--to", target.error().message}});
    return Exit::kUsage;
  }
  if (store.url.engine != "sqlite" || target->engine != "postgresql") {
    print_problems(
        runtime, {{"--to", "copies only an SQLite store to postgresql://USER@HOST:PORT/DATABASE"}});
    return Exit::kUsage;
  }
  if (dry_run) {
    runtime.out << "would copy " << store.url.name() << " to " << target->name() << '\n';
    return Exit::kOk;
  }
  WorkDisplay display(runtime);
  const auto reports = storage::copy_to_postgres(
      store.url, *target, base::to_unix_ms(runtime.clock()), display.observer());
  display.clear();
  if (!reports) return fail(runtime, store.where, reports.error());
  for (const storage::TableReport& table : *reports) {
    runtime.out << table.name << ": " << table.source.rows() << " rows, sum " << table.source.text()
                << " in both\n";
  }
  runtime.out << "copied to " << target->name()
              << ", counts and sums equal; set [store] url to it\n";
  return Exit::kOk;
}

Exit migrate(const CommonOptions& common, const MigrateOptions& options, Runtime& runtime) {
  const auto store = find_store(common, runtime);
  if (!store) return Exit::kUsage;
  if (options.to.empty()) return migrate_schema(*store, options.dry_run, runtime);
  return copy(*store, options.to, options.dry_run, runtime);
}

}  // namespace

void declare_store_migrate(CommandGroup& group, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<MigrateOptions>();
  Options options = group.add(
      "migrate", "Bring the store's schema up to date, or copy an SQLite store to PostgreSQL",
      [&common, &runtime, chosen] { return migrate(common, *chosen, runtime); });
  add_config_option(options, common);
  options.text("--to", chosen->to,
               "Copy to this URL, postgresql://…; after an interruption, run it again to continue");
  options.flag("--dry-run", chosen->dry_run, "Show what would be done, and change nothing");
}

}  // namespace couponhook::server
