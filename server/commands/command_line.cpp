#include "server/commands/command_line.hpp"

#include <ostream>

#include <unistd.h>

namespace couponhook::server {

void add_config_option(Options& options, CommonOptions& common) {
  options.path("--config", common.config,
               "Configuration file; without this option: $COUPONHOOK_CONFIG, else "
               "./couponhook.toml, else /etc/couponhook/couponhook.toml");
}

void add_user_option(Options& options, std::string& user) {
  options.text("--user", user,
               "User that runs the service: write permissions are checked as this user (needs "
               "root; default: the owner of the store)");
}

void add_merchant_options(Options& options, CommonOptions& common) {
  add_config_option(options, common);
  options.text("--mchid", common.mchid,
               "Merchant number; required if several merchants are configured");
}

void print_problems(Runtime& runtime, const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    runtime.err << "couponhook: " << problem.where << ": " << problem.message << '\n';
  }
}

std::optional<Config> load_config_or_print(const CommonOptions& common, Runtime& runtime) {
  const auto file = find_config_file(common.config, runtime.environment);
  if (!file) {
    print_problems(runtime, {file.error()});
    return std::nullopt;
  }
  auto config = load_config(*file, runtime.environment);
  if (config) return std::move(*config);
  print_problems(runtime, config.error());
  return std::nullopt;
}

const MerchantConfig* choose_merchant(const Config& config, const CommonOptions& common,
                                      Runtime& runtime) {
  if (common.mchid.empty() && config.merchants.size() == 1) return &config.merchants.front();
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.mchid == common.mchid) return &merchant;
  }
  std::string known;
  for (const MerchantConfig& merchant : config.merchants) known += " " + merchant.mchid;
  print_problems(runtime,
                 {{config.file.string() + ": merchant",
                   (common.mchid.empty() ? std::string("there are several; choose with")
                                         : "\"" + common.mchid + "\" is not configured; use") +
                       " --mchid out of:" + known}});
  return nullptr;
}

bool mchid_is_configured(const Config& config, const CommonOptions& common, Runtime& runtime) {
  return common.mchid.empty() || choose_merchant(config, common, runtime) != nullptr;
}

base::ProgressDisplay progress_on(Runtime& runtime) {
  return {runtime.err, ::isatty(STDERR_FILENO) == 1};
}

std::string reachable_address(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  if (address == "::") return "::1";
  return address;
}

int run_command_line(int argc, char** argv, Runtime& runtime) {
  CommonOptions common;
  CommandLine line("couponhook",
                   "couponhook receives WeChat Pay coupon notifications: verifies, decrypts and "
                   "stores each of them exactly once.",
                   COUPONHOOK_VERSION);
  Options options = line.options_before_command();
  add_config_option(options, common);
  declare_init(line, runtime);
  declare_serve(line, common, runtime);
  declare_check(line, common, runtime);
  declare_config(line, common, runtime);
  declare_alert(line, common, runtime);
  declare_trigger(line, common, runtime);
  declare_replay(line, common, runtime);
  declare_verify(line, common, runtime);
  declare_sandbox(line, common, runtime);
  declare_status(line, common, runtime);
  declare_notifications(line, common, runtime);
  declare_ledger(line, common, runtime);
  declare_listen(line, common, runtime);
  declare_deliveries(line, common, runtime);
  declare_retry(line, common, runtime);
  declare_skip(line, common, runtime);
  declare_pause(line, common, runtime);
  declare_resume(line, common, runtime);
  declare_quarantine(line, common, runtime);
  declare_audit(line, common, runtime);
  declare_certificates(line, common, runtime);
  declare_callbacks(line, common, runtime);
  declare_stock(line, common, runtime);
  declare_image(line, common, runtime);
  declare_coupon(line, common, runtime);
  declare_busifavor(line, common, runtime);
  declare_h5_link(line, common, runtime);
  declare_reconcile(line, common, runtime);
  declare_doctor(line, common, runtime);
  declare_store(line, common, runtime);
  return static_cast<int>(line.run(argc, argv, runtime.out, runtime.err));
}

}  // namespace couponhook::server
