#include "server/commands/command_line.hpp"

#include <ostream>

#include <unistd.h>

namespace couponhook::server {

void add_config_option(Options& options, CommonOptions& common) {
  options.path("--config", common.config, "Configuration file");
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

void print_problems(World& world, const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    world.err << "couponhook: " << problem.where << ": " << problem.message << '\n';
  }
}

std::optional<Config> load_config_or_print(const CommonOptions& common, World& world) {
  auto config = load_config(common.config, world.environment);
  if (config) return std::move(*config);
  print_problems(world, config.error());
  return std::nullopt;
}

const MerchantConfig* choose_merchant(const Config& config, const CommonOptions& common,
                                      World& world) {
  if (common.mchid.empty() && config.merchants.size() == 1) return &config.merchants.front();
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.mchid == common.mchid) return &merchant;
  }
  std::string known;
  for (const MerchantConfig& merchant : config.merchants) known += " " + merchant.mchid;
  print_problems(world,
                 {{config.file.string() + ": merchant",
                   (common.mchid.empty() ? std::string("there are several; choose with")
                                         : "\"" + common.mchid + "\" is not configured; use") +
                       " --mchid out of:" + known}});
  return nullptr;
}

bool mchid_is_configured(const Config& config, const CommonOptions& common, World& world) {
  return common.mchid.empty() || choose_merchant(config, common, world) != nullptr;
}

base::ProgressDisplay progress_on(World& world) {
  return {world.err, ::isatty(STDERR_FILENO) == 1};
}

std::string reachable_address(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  if (address == "::") return "::1";
  return address;
}

int run_command_line(int argc, char** argv, World& world) {
  CommonOptions common;
  CommandLine line("couponhook",
                   "couponhook receives WeChat Pay coupon notifications: verifies, decrypts and "
                   "stores each of them exactly once.",
                   COUPONHOOK_VERSION);
  declare_init(line, world);
  declare_serve(line, common, world);
  declare_check(line, common, world);
  declare_trigger(line, common, world);
  declare_replay(line, common, world);
  declare_sandbox(line, common, world);
  declare_status(line, common, world);
  declare_notifications(line, common, world);
  declare_ledger(line, common, world);
  declare_deliveries(line, common, world);
  declare_retry(line, common, world);
  declare_skip(line, common, world);
  declare_pause(line, common, world);
  declare_resume(line, common, world);
  declare_quarantine(line, common, world);
  declare_certificates(line, common, world);
  declare_callbacks(line, common, world);
  declare_stock(line, common, world);
  declare_coupon(line, common, world);
  declare_busifavor(line, common, world);
  declare_h5_link(line, common, world);
  declare_reconcile(line, common, world);
  declare_doctor(line, common, world);
  declare_store(line, common, world);
  return static_cast<int>(line.run(argc, argv, world.out, world.err));
}

}  // namespace couponhook::server
