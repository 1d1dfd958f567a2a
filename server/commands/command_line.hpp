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
#include "handlers/handler_type.hpp"
#include "base/clock.hpp"
#include "server/commands/options.hpp"
#include "server/config/config.hpp"
#include "base/progress.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// Opens the service's store; tests wrap it in one that fails.
using StoreOpener = std::function<storage::Store::Result<std::unique_ptr<storage::Store>>(
    const storage::StoreUrl&, const storage::StoreOptions&, std::int64_t now_ms)>;

/// What the program is given from outside, so that tests can give it something else.
struct World {
  base::WallClock clock;
  crypto::RandomSource random;
  Environment environment;
  StoreOpener open_store;
  handlers::HandlerTypes handler_types;  ///< the user's own
  std::ostream& out;
  std::ostream& err;
};

/// Runs the program. \return the exit code.
[[nodiscard]] int run_command_line(int argc, char** argv, World& world);

/// The options that most commands share.
struct CommonOptions {
  std::filesystem::path config = "couponhook.toml";
  std::string mchid;
};

// Each declares one command. `common` and `world` outlive the command line.
void declare_init(CommandLine& line, World& world);
void declare_serve(CommandLine& line, CommonOptions& common, World& world);
void declare_check(CommandLine& line, CommonOptions& common, World& world);
void declare_trigger(CommandLine& line, CommonOptions& common, World& world);
void declare_replay(CommandLine& line, CommonOptions& common, World& world);
void declare_sandbox(CommandLine& line, CommonOptions& common, World& world);
void declare_status(CommandLine& line, CommonOptions& common, World& world);
void declare_notifications(CommandLine& line, CommonOptions& common, World& world);
void declare_ledger(CommandLine& line, CommonOptions& common, World& world);
void declare_deliveries(CommandLine& line, CommonOptions& common, World& world);
void declare_retry(CommandLine& line, CommonOptions& common, World& world);
void declare_skip(CommandLine& line, CommonOptions& common, World& world);
void declare_pause(CommandLine& line, CommonOptions& common, World& world);
void declare_resume(CommandLine& line, CommonOptions& common, World& world);
void declare_quarantine(CommandLine& line, CommonOptions& common, World& world);
void declare_certificates(CommandLine& line, CommonOptions& common, World& world);
void declare_callbacks(CommandLine& line, CommonOptions& common, World& world);
void declare_stock(CommandLine& line, CommonOptions& common, World& world);
void declare_coupon(CommandLine& line, CommonOptions& common, World& world);
void declare_busifavor(CommandLine& line, CommonOptions& common, World& world);
void declare_h5_link(CommandLine& line, CommonOptions& common, World& world);
void declare_reconcile(CommandLine& line, CommonOptions& common, World& world);
void declare_doctor(CommandLine& line, CommonOptions& common, World& world);
void declare_store(CommandLine& line, CommonOptions& common, World& world);

/// Adds --config, or --config and --mchid, to a command.
void add_config_option(Options& options, CommonOptions& common);
void add_merchant_options(Options& options, CommonOptions& common);
/// Adds --user to a command that tries to write where the service must.
void add_user_option(Options& options, std::string& user);

/// Prints problems on the error stream, one line each.
void print_problems(World& world, const std::vector<Problem>& problems);

/// Loads the configuration, or prints what is wrong with it.
[[nodiscard]] std::optional<Config> load_config_or_print(const CommonOptions& common, World& world);

/// The merchant that --mchid names, or the only one. Prints what is wrong and returns null
/// otherwise.
[[nodiscard]] const MerchantConfig* choose_merchant(const Config& config,
                                                    const CommonOptions& common, World& world);

/// Prints what is wrong where --mchid names a merchant that there is not; for commands that concern
/// all of them where it is not given.
[[nodiscard]] bool mchid_is_configured(const Config& config, const CommonOptions& common,
                                       World& world);

/// Where long work tells how far it is.
[[nodiscard]] base::ProgressDisplay progress_on(World& world);

/// Where a listener with this address is reached from this machine.
[[nodiscard]] std::string reachable_address(const std::string& address);

}  // namespace couponhook::server
