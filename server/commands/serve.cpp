#include <array>
#include <bit>
#include <csignal>
#include <ostream>

#include "server/commands/command_line.hpp"
#include "server/delivery/child_processes.hpp"
#include "server/service/replica_name.hpp"
#include "server/service/service.hpp"
#include "server/service/stray_signals.hpp"

namespace couponhook::server {
namespace {

/// Time after which the service collects (reaps) an ended child process that nobody has waited for.
/// Before that, a custom handler that started the process can wait for it.
constexpr std::chrono::milliseconds kOwnHandlersGrace{300};

Exit serve(const CommonOptions& common, World& world) {
  hold_off_stray_signals();
  // Ignore SIGHUP until the service handles it. By default, SIGHUP would end the process while it
  // starts.
  std::signal(SIGHUP, SIG_IGN);
  auto config = load_config_or_print(common, world);
  if (!config) return Exit::kUsage;
  std::vector<Problem> problems;
  const auto now = std::chrono::floor<std::chrono::seconds>(world.clock());
  Setup setup = prepare_setup(std::move(*config), world.handler_types, now, problems);
  check_outbound_files(setup.config, problems);
  if (!can_serve(setup, problems, now)) {
    print_problems(world, problems);
    return Exit::kUsage;
  }
  const std::string where = setup.config.file.string() + ": store.url";
  const auto url = storage::parse_store_url(setup.config.store.url, setup.config.directory);
  if (!url) {
    print_problems(world, {{where, url.error().message}});
    return Exit::kUsage;
  }
  // Start the service even if the PostgreSQL server cannot be reached. WeChat Pay then gets a reply
  // with status 503 instead of a refused connection.
  storage::StoreOptions store_settings = store_options(setup.config);
  store_settings.may_be_away = true;
  const auto store = world.open_store(*url, store_settings, base::to_unix_ms(world.clock()));
  if (!store) {
    print_problems(world, {{where, store.error().message}});
    return Exit::kFailed;
  }
  const OrphanReaper reaper(world.handler_types.empty() ? std::chrono::milliseconds(0)
                                                        : kOwnHandlersGrace);
  std::array<unsigned char, 8> seed{};
  world.random(seed);
  ServiceOptions options{world.environment,
                         world.clock,
                         world.handler_types,
                         std::bit_cast<std::uint64_t>(seed),
                         replica_name(),
                         [&world](const std::string& listener, const std::string& admin) {
                           world.out << "couponhook: notifications at " << listener
                                     << ", status at " << admin << std::endl;
                         }};
  if (const auto problem =
          run_service(std::move(setup), std::move(problems), **store, std::move(options))) {
    print_problems(world, {*problem});
    return Exit::kFailed;
  }
  return Exit::kOk;
}

}  // namespace

void declare_serve(CommandLine& line, CommonOptions& common, World& world) {
  Options options = line.add("serve", "Run the service until SIGTERM",
                             [&common, &world] { return serve(common, world); });
  add_config_option(options, common);
}

}  // namespace couponhook::server
