#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>

#include "base/wechat_time.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/commands/command_line.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/brokers/brokers.hpp"
#include "server/doctor/checks.hpp"
#include "server/doctor/write_check.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {
namespace {

using Backlog = std::vector<storage::HandlerBacklog>;

/// Checks the store, and returns the numbers of open deliveries to handlers that are not
/// configured; a failure if the store is damaged or cannot be opened.
storage::Store::Result<Backlog> check_store(const storage::StoreUrl& url, const Config& config) {
  if (auto place = storage::Store::check_place(url); !place) return place.error();
  const auto made = storage::Store::is_made(url, {});
  if (!made) return made.error();
  if (!*made) return Backlog();
  const auto store = storage::Store::inspect(url, {});
  if (!store) return store.error();
  const auto reader = (*store)->reader();
  if (!reader) return reader.error();
  if (auto sound = (*reader)->check_integrity(); !sound) return sound.error();
  // If the count takes longer than the time limit for readers, `check` reports no deliveries to
  // handlers that are not configured.
  auto backlog = storage::unclaimed_deliveries(**reader, handler_names(config).served);
  return backlog ? std::move(*backlog) : Backlog();
}

void print_warnings(Runtime& runtime, const std::vector<Problem>& warnings) {
  for (const Problem& warning : warnings) {
    runtime.err << "couponhook: warning: " << warning.where << ": " << warning.message << '\n';
  }
}

void describe_api_certificate(const MerchantConfig& merchant, std::ostream& out) {
  if (!merchant.api) return;
  const auto file = find_api_certificate(*merchant.api);
  out << "  api certificate  " << merchant.api->certificate_serial
      << (file.empty() ? ", not compared: no apiclient_cert.pem beside the private key"
                       : ", as " + file.string() + " has it")
      << '\n';
}

/// Prints a summary of the set-up (configuration, keys and handlers).
/// \param store name of the store in the output. The configured URL must not be printed, because it
///   may contain a password.
void describe(const Setup& setup, const std::string& store, std::chrono::sys_seconds now,
              std::ostream& out) {
  const ListenerConfig& listener = setup.config.listener;
  out << "configuration  " << setup.config.file.string() << '\n'
      << "listener       " << (listener.tls ? "https " : "plain http ") << listener.address
      << " port " << listener.port << '\n'
      << "status         " << setup.config.admin.address << " port " << setup.config.admin.port
      << '\n';
  if (const AdminConfig& admin = setup.config.admin; admin.metrics_port != 0) {
    out << "metrics        " << admin.metrics_address << " port " << admin.metrics_port << '\n';
  }
  out << "store          " << store << '\n';
  for (const Merchant& merchant : setup.merchants->all()) {
    out << "merchant       " << merchant.mchid << " at " << merchant.path << ", "
        << merchant.ciphers.size() << " APIv3 key" << (merchant.ciphers.size() == 1 ? "" : "s")
        << '\n';
    for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
      out << "  " << crypto::to_string(key.kind) << "  " << key.serial;
      if (key.expires_at) {
        const bool expired = *key.expires_at < now;
        out << (expired ? ", EXPIRED " : ", expires ")
            << base::format_unix_ms(key.expires_at->time_since_epoch().count() * 1000);
      }
      out << '\n';
    }
    const auto config =
        std::ranges::find(setup.config.merchants, merchant.mchid, &MerchantConfig::mchid);
    if (config != setup.config.merchants.end()) describe_api_certificate(*config, out);
  }
  for (const HandlerConfig& handler : setup.config.handlers) {
    out << "handler        " << handler.name << " (" << handler.type << ")";
    for (const std::string& pattern : handler.events) out << ' ' << pattern;
    out << '\n';
  }
  for (std::size_t i = 0; i < setup.config.alerts.size(); ++i) {
    const AlertConfig& alert = setup.config.alerts[i];
    out << "alert          " << i + 1 << " (" << to_string(alert.type) << ", "
        << (alert.language == AlertLanguage::kZh ? "zh" : "en") << ")\n";
  }
  const auto word = [](bool there) { return there ? "yes" : "no"; };
  out << "brokers        redis " << word(kHasRedis) << ", amqp " << word(kHasAmqp) << ", kafka "
      << word(kHasKafka) << '\n';
}

/// Runs all checks of a set-up, except those of the store.
CheckFindings check_setup(const Setup& setup, std::chrono::sys_seconds now) {
  CheckFindings findings;
  check_places(setup.config, findings);
  check_listener_certificates(setup.config, now, findings);
  check_merchants(setup.config, *setup.merchants, now, findings);
  check_handlers(setup.config, findings);
  return findings;
}

/// Runs all checks and prints the findings, errors first.
/// \return the exit code; nothing if the service can run with this set-up.
std::optional<Exit> check_and_print(const Setup& setup, std::chrono::sys_seconds now,
                                    std::vector<Problem> problems, CheckFindings& findings,
                                    Runtime& runtime) {
  findings = check_setup(setup, now);
  // A faulty certificate of the status endpoint does not stop notifications. So it counts as a
  // warning.
  const auto is_admins = [](const Problem& problem) { return problem.unit == kAdminUnit; };
  std::ranges::copy_if(problems, std::back_inserter(findings.warnings), is_admins);
  std::erase_if(problems, is_admins);
  std::ranges::move(findings.errors, std::back_inserter(problems));
  const std::string where = setup.config.file.string() + ": store.url";
  const auto url = storage::parse_store_url(setup.config.store.url, setup.config.directory);
  if (!url) problems.push_back({where, url.error().message});
  print_problems(runtime, problems);
  const auto backlog =
      url ? check_store(*url, setup.config) : storage::Store::Result<Backlog>(url.error());
  if (backlog) check_backlog(setup.config, *backlog, findings);
  if (url && !backlog) print_problems(runtime, {{where, backlog.error().message}});
  print_warnings(runtime, findings.warnings);
  if (!problems.empty()) return Exit::kUsage;
  if (!backlog) return Exit::kFailed;
  return std::nullopt;
}

/// Tries to write to each folder to which the service must write.
/// \return the exit code.
Exit try_places(const Config& config, const std::string& user_name, Runtime& runtime) {
  const auto user = user_to_try_as(user_name, config);
  if (!user) {
    print_problems(runtime, {{"--user", user.error().text()}});
    return Exit::kUsage;
  }
  const auto problems = try_writing(config, *user);
  print_problems(runtime, problems);
  return problems.empty() ? Exit::kOk : Exit::kUsage;
}

Exit check(const std::string& user, const CommonOptions& common, Runtime& runtime) {
  std::vector<Problem> problems;
  const auto file = find_config_file(common.config, runtime.environment);
  if (!file) {
    print_problems(runtime, {file.error()});
    return Exit::kUsage;
  }
  auto config = read_config(*file, runtime.environment, problems);
  if (!config) {
    print_problems(runtime, problems);
    return Exit::kUsage;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  const Setup setup = prepare_setup(std::move(*config), runtime.handler_types, now, problems);
  check_outbound_files(setup.config, problems);
  CheckFindings findings;
  const auto exit = check_and_print(setup, now, std::move(problems), findings, runtime);
  // An unusable store is already reported. The check of the folders is then skipped.
  const Exit places = exit == Exit::kFailed ? Exit::kOk : try_places(setup.config, user, runtime);
  if (!mchid_is_configured(setup.config, common, runtime)) return Exit::kUsage;
  if (exit) return *exit;
  if (places != Exit::kOk) return places;
  const auto url = storage::parse_store_url(setup.config.store.url, setup.config.directory);
  describe(setup, url->name(), now, runtime.out);
  if (findings.warnings.empty()) {
    runtime.out << "All is well.\n";
  } else {
    runtime.out << "The configuration can be served; warnings: " << findings.warnings.size()
                << ".\n";
  }
  return Exit::kOk;
}

}  // namespace

void declare_check(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto user = std::make_shared<std::string>();
  Options options = line.add(
      "check", "Validate configuration, keys, certificates, store and handlers without serving",
      [user, &common, &runtime] { return check(*user, common, runtime); });
  add_merchant_options(options, common);
  add_user_option(options, *user);
}

}  // namespace couponhook::server
