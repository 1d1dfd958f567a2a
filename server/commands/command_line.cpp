#include "server/commands/command_line.hpp"

#include <iostream>

#include <CLI/CLI.hpp>

namespace couponhook::server {

void add_common_options(CLI::App& app, CommonOptions& common, bool with_mchid) {
  app.add_option("--config", common.config, "Configuration file")->capture_default_str();
  if (with_mchid) {
    app.add_option("--mchid", common.mchid, "Which merchant, where several are configured");
  }
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
  print_problems(world, {{config.file.string() + ": merchant",
                          (common.mchid.empty() ? std::string("there are several; choose with")
                                                : "\"" + common.mchid + "\" is not configured; use") +
                              " --mchid out of:" + known}});
  return nullptr;
}

int run_command_line(int argc, char** argv, World& world) {
  CLI::App app(
      "couponhook receives WeChat Pay coupon notifications: verifies, decrypts and keeps each of "
      "them exactly once.",
      "couponhook");
  app.set_version_flag("--version", std::string("couponhook ") + COUPONHOOK_VERSION);
  app.require_subcommand(1);
  CommonOptions common;
  const std::vector<Command> commands{
      declare_init(app, world),
      declare_serve(app, common, world),
      declare_check(app, common, world),
      declare_trigger(app, common, world),
      declare_replay(app, common, world),
      declare_status(app, common, world),
      declare_notifications(app, common, world),
      declare_ledger(app, common, world),
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_text = error.get_exit_code() == 0;
    if (asked_for_text) return app.exit(error, world.out, world.err);
    world.err << "couponhook: " << error.what() << " (see couponhook --help)\n";
    return static_cast<int>(Exit::kUsage);
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return static_cast<int>(command.run());
  }
  return static_cast<int>(Exit::kUsage);
}

}  // namespace couponhook::server
