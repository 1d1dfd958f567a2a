#pragma once

/// \file
/// The command line of couponhook: one declare function for each command, and helpers that all
/// commands share.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/progress.hpp"
#include "crypto/random.hpp"
#include "handlers/handler_type.hpp"
#include "server/commands/options.hpp"
#include "server/config/config.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// Function that opens the service's store. Tests use a function that returns a store that fails.
using StoreOpener = std::function<storage::Store::Result<std::unique_ptr<storage::Store>>(
    const storage::StoreUrl&, const storage::StoreOptions&, std::int64_t now_ms)>;

/// Environment of the program: clock, random source, environment variables, output streams. Tests
/// replace these parts.
struct Runtime {
  base::WallClock clock;
  crypto::RandomSource random;
  Environment environment;
  StoreOpener open_store;
  /// Handler types that a user's own program adds to the built-in types.
  handlers::HandlerTypes handler_types;
  std::ostream& out;
  std::ostream& err;
};

/// Runs the program with the arguments of main().
/// \return the exit code of the process.
[[nodiscard]] int run_command_line(int argc, char** argv, Runtime& runtime);

/// Values of the options --config and --mchid, which most commands share.
struct CommonOptions {
  /// The value of --config; empty if the option is not given (see find_config_file()).
  std::filesystem::path config;
  std::string mchid;
};

// Each of the functions below declares one command, with its options, in the object `line`. The
// objects `common` and `runtime` must outlive `line`.
void declare_init(CommandLine& line, Runtime& runtime);
void declare_serve(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_check(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_alert(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_config(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_trigger(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_replay(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_verify(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_sandbox(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_status(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_notifications(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_ledger(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_listen(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_deliveries(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_retry(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_skip(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_pause(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_resume(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_audit(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_quarantine(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_certificates(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_callbacks(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_stock(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_image(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_coupon(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_busifavor(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_h5_link(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_reconcile(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_doctor(CommandLine& line, CommonOptions& common, Runtime& runtime);
void declare_store(CommandLine& line, CommonOptions& common, Runtime& runtime);

/// These two functions add options to a command: the first adds --config, the second --config and
/// --mchid.
void add_config_option(Options& options, CommonOptions& common);
void add_merchant_options(Options& options, CommonOptions& common);
/// Adds --user to a command that tests whether the service can write to its folders. The option
/// names the user account as which the test runs.
void add_user_option(Options& options, std::string& user);

/// Prints each problem on the error stream, one line for each.
void print_problems(Runtime& runtime, const std::vector<Problem>& problems);

/// Loads the configuration. If the configuration has problems, prints the problems and returns
/// nothing.
[[nodiscard]] std::optional<Config> load_config_or_print(const CommonOptions& common,
                                                         Runtime& runtime);

/// Returns the merchant that --mchid names; without --mchid, the only configured merchant. If there
/// is no such merchant, prints a message and returns null.
[[nodiscard]] const MerchantConfig* choose_merchant(const Config& config,
                                                    const CommonOptions& common, Runtime& runtime);

/// Checks --mchid for commands that work on all merchants unless --mchid is given.
/// \return false, after printing the problem, if --mchid names a merchant that is not configured.
[[nodiscard]] bool mchid_is_configured(const Config& config, const CommonOptions& common,
                                       Runtime& runtime);

/// Returns the stream on which commands that take long show their progress.
[[nodiscard]] base::ProgressDisplay progress_on(Runtime& runtime);

/// Returns the address at which this machine reaches a listener that listens on `address`.
/// "0.0.0.0" and "::" become the loopback address.
[[nodiscard]] std::string reachable_address(const std::string& address);

}  // namespace couponhook::server
