#pragma once

/// \file
/// The command line: one function for each command, and what they share.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "crypto/random.hpp"
#include "server/config/config.hpp"
#include "server/receiver.hpp"
#include "storage/store.hpp"

namespace CLI {
class App;
}

namespace couponhook::server {

/// What the program is given from outside, so that tests can give it something else.
struct World {
  WallClock clock;
  crypto::RandomSource random;
  Environment environment;
  /// Opens the service's store; tests wrap it in one that fails.
  std::function<storage::Store::Result<std::unique_ptr<storage::Store>>(
      const storage::StoreUrl&, const storage::StoreOptions&, std::int64_t now_ms)>
      open_store;
  std::ostream& out;
  std::ostream& err;
};

/// Exit codes of every command.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,  ///< bad usage or configuration
};

/// Runs the program. \return the exit code.
[[nodiscard]] int run_command_line(int argc, char** argv, World& world);

/// The options that most commands share.
struct CommonOptions {
  std::filesystem::path config = "couponhook.toml";
  std::string mchid;
};

/// A command: declares itself on the application, and runs if it was chosen.
struct Command {
  CLI::App* app;
  std::function<Exit()> run;
};

// Each declares one subcommand. `common` and `world` outlive the commands.
[[nodiscard]] Command declare_init(CLI::App& parent, World& world);
[[nodiscard]] Command declare_serve(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_check(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_trigger(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_replay(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_status(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_notifications(CLI::App& parent, CommonOptions& common, World& world);
[[nodiscard]] Command declare_ledger(CLI::App& parent, CommonOptions& common, World& world);

/// Adds --config (and --mchid) to a subcommand.
void add_common_options(CLI::App& app, CommonOptions& common, bool with_mchid = false);

/// Prints problems on the error stream, one line each.
void print_problems(World& world, const std::vector<Problem>& problems);

/// Loads the configuration, or prints what is wrong with it.
[[nodiscard]] std::optional<Config> load_config_or_print(const CommonOptions& common,
                                                         World& world);

/// The merchant that --mchid names, or the only one. Prints what is wrong and returns null otherwise.
[[nodiscard]] const MerchantConfig* choose_merchant(const Config& config,
                                                    const CommonOptions& common, World& world);

}  // namespace couponhook::server
