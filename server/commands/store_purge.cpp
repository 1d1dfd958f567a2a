#include <algorithm>
#include <thread>

#include <boost/algorithm/string/join.hpp>

#include "base/json_writer.hpp"
#include "base/wechat_time.hpp"
#include "server/commands/command_audit.hpp"
#include "server/commands/store.hpp"
#include "server/service/maintenance.hpp"
#include "storage/retention/purge_clock.hpp"
#include "storage/retention/purge_pace.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kDateLength = std::string_view("2024-01-31").size();
/// Smallest age of the data that --before may remove. WeChat Pay may send a notification again for
/// one day, and couponhook must still have the notification's id in the store then.
constexpr std::chrono::days kPurgedAgeMin{2};

struct PurgeOptions {
  std::vector<std::string> what;
  std::string before;
  bool dry_run = false;
  bool hurry = false;
  bool trust_clock = false;
  bool json = false;
  std::string reason;
};

const std::vector<std::string> kPurgeable{"payloads", "notifications", "quarantine", "ledger",
                                          "audit"};

/// Returns the times before which data is removed: those of the configuration, or those that
/// --before and --what give. If these options are wrong, prints the problem and returns nothing.
std::optional<storage::PurgeCutoffs> choose_cutoffs(const PurgeOptions& options,
                                                    const StoreConfig& config, std::int64_t now_ms,
                                                    Runtime& runtime) {
  storage::PurgeCutoffs cutoffs = purge_cutoffs(config, now_ms);
  if (!options.before.empty()) {
    const auto before = base::parse_event_time(
        options.before.size() == kDateLength ? options.before + "T00:00:00Z" : options.before);
    const std::int64_t latest = now_ms - milliseconds(kPurgedAgeMin).count();
    if (!before || before->time_since_epoch().count() > latest || options.what.empty()) {
      print_problems(runtime, {{"--before",
                                "must be a date, or a time such as 2024-01-31T00:00:00Z, at least "
                                "two days ago, and needs --what"}});
      return std::nullopt;
    }
    const std::int64_t before_ms = before->time_since_epoch().count();
    cutoffs = {.payload_ms = before_ms,
               .identity_ms = before_ms,
               .quarantine_ms = before_ms,
               .ledger_ms = before_ms,
               .audit_ms = before_ms};
  }
  const auto chosen = [&](std::string_view what) {
    return options.what.empty() || std::ranges::find(options.what, what) != options.what.end();
  };
  if (!chosen("payloads")) cutoffs.payload_ms.reset();
  if (!chosen("notifications")) cutoffs.identity_ms.reset();
  if (!chosen("quarantine")) cutoffs.quarantine_ms.reset();
  if (!chosen("ledger")) cutoffs.ledger_ms.reset();
  if (!chosen("audit")) cutoffs.audit_ms.reset();
  return cutoffs;
}

/// Checks that the clock is plausible. This is needed with --before too, because the clock decides
/// whether the time given with --before is long enough ago.
storage::Connection::Result<void> check_clock(storage::Connection& connection,
                                              const PurgeOptions& options, std::int64_t now_ms) {
  const auto steady = storage::steady_time();
  const auto mode = options.dry_run ? storage::PurgeMode::kCount : storage::PurgeMode::kRemove;
  if (options.trust_clock) {
    if (options.dry_run) return {};
    return storage::trust_clock(connection, now_ms, steady);
  }
  const auto clock_error = storage::find_clock_error(connection, now_ms, steady, mode);
  if (!clock_error) return clock_error.error();
  if (*clock_error) return storage::Failure{storage::FailureCode::kUnsafe, **clock_error};
  return {};
}

void print_purged(const storage::PurgeCounts& counts, const PurgeOptions& options,
                  std::ostream& out) {
  if (options.json) {
    base::JsonWriter json;
    json.begin()
        .boolean("dry_run", options.dry_run)
        .number("payloads", counts.payloads)
        .number("notifications", counts.identities)
        .number("quarantined", counts.quarantined)
        .number("facts", counts.facts)
        .number("actions", counts.actions)
        .end();
    out << json.take() << '\n';
    return;
  }
  out << (options.dry_run ? "would empty " : "emptied ") << counts.payloads << " payloads and "
      << (options.dry_run ? "remove " : "removed ") << counts.identities << " notifications, "
      << counts.quarantined << " quarantined bodies, " << counts.facts
      << " facts of the ledger and " << counts.actions << " rows of the audit log\n";
}

/// Returns what the purge removes, for the audit log.
std::string target_of(const PurgeOptions& options) {
  const std::string what =
      boost::algorithm::join(options.what.empty() ? kPurgeable : options.what, ", ");
  return what + (options.before.empty() ? " older than the retention settings"
                                        : " before " + options.before);
}

/// Returns the result of a purge, for the audit log.
/// \param failure text of the error that ended the purge; empty if it was finished.
std::string result_of(const storage::PurgeCounts& counts, const std::string& failure) {
  std::string result = failure.empty() ? "done" : "failed";
  result += ": payloads " + std::to_string(counts.payloads);
  result += ", notifications " + std::to_string(counts.identities);
  result += ", quarantined " + std::to_string(counts.quarantined);
  result += ", facts " + std::to_string(counts.facts);
  result += ", actions " + std::to_string(counts.actions);
  return failure.empty() ? result : result + ": " + failure;
}

Exit purge(const CommonOptions& common, const PurgeOptions& options, Runtime& runtime) {
  const auto at_hand = find_store(common, runtime);
  if (!at_hand) return Exit::kUsage;
  const std::int64_t now_ms = base::to_unix_ms(runtime.clock());
  const auto cutoffs = choose_cutoffs(options, at_hand->config.store, now_ms, runtime);
  if (!cutoffs) return Exit::kUsage;
  const auto store = storage::Store::join(at_hand->url, {});
  if (!store) return fail(runtime, at_hand->where, store.error());
  const auto connection = (*store)->writer(storage::WriterRole::kMaintenance);
  if (!connection) return fail(runtime, at_hand->where, connection.error());
  if (const auto right = check_clock(**connection, options, now_ms); !right) {
    return fail(runtime, at_hand->where, right.error());
  }

  auto record = command_action(runtime, "purge", target_of(options), options.reason);
  if (!options.dry_run) {
    const auto begun = record_command(**store, at_hand->config.log, record, "begun", runtime);
    if (!begun) return fail(runtime, at_hand->where, begun.error());
  }
  storage::Purge purge(**connection, *cutoffs,
                       options.dry_run ? storage::PurgeMode::kCount : storage::PurgeMode::kRemove,
                       std::chrono::steady_clock::now);
  WorkDisplay display(runtime);
  const auto observer = display.observer();
  const bool pauses = !options.dry_run && !options.hurry;
  const auto pass_max = storage::purge_pass_max(at_hand->config.store.maintenance_interval);
  const auto ran =
      storage::run_purge(purge, pass_max, std::chrono::steady_clock::now, [&](auto time) {
        const storage::PurgeProgress progress = purge.progress();
        if (progress.total != 0) observer(progress.doing, progress.done, progress.total);
        if (pauses) std::this_thread::sleep_for(time);
        return true;
      });
  display.clear();
  print_purged(purge.counts(), options, runtime.out);
  if (!options.dry_run) {
    const auto noted = record_command(
        **store, at_hand->config.log, record,
        result_of(purge.counts(), ran ? std::string() : ran.error().message), runtime);
    if (!noted) return fail(runtime, at_hand->where, noted.error());
  }
  if (!ran) return fail(runtime, at_hand->where, ran.error());
  return Exit::kOk;
}

}  // namespace

void declare_store_purge(CommandGroup& group, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<PurgeOptions>();
  Options options = group.add(
      "purge",
      "Remove data that is older than the retention settings, while the service runs or not",
      [&common, &runtime, chosen] { return purge(common, *chosen, runtime); });
  add_config_option(options, common);
  options.words("--what", chosen->what, kPurgeable,
                "Purge only this kind of data (may be repeated)");
  options.text("--before", chosen->before,
               "Purge data received before this time, instead of the configured retention");
  options.flag("--dry-run", chosen->dry_run, "Count, and change nothing");
  options.flag("--hurry", chosen->hurry,
               "Do not pause between transactions; this slows down a running service");
  options.flag(
      "--trust-clock", chosen->trust_clock,
      "Purge although nothing in the store confirms this machine's clock; check the clock first");
  options.text("--reason", chosen->reason, "Reason, for the audit log");
  options.flag("--json", chosen->json, "Print a JSON object");
}

}  // namespace couponhook::server
