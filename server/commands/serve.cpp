#include <array>
#include <bit>
#include <csignal>
#include <ostream>

#include "server/commands/command_line.hpp"
#include "server/delivery/child_processes.hpp"
#include "server/service/blocked_signals.hpp"
#include "server/service/replica_name.hpp"
#include "server/service/service.hpp"

namespace couponhook::server {
namespace {

/// Time after which the service collects (reaps) an ended child process that nobody has waited for.
/// Before that, a custom handler that started the process can wait for it.
constexpr std::chrono::milliseconds kOwnHandlersGrace{300};

Exit serve(const CommonOptions& common, Runtime& runtime) {
  block_unexpected_signals();
  // Ignore SIGHUP until the service handles it. By default, SIGHUP would end the process while it
  // starts.
  std::signal(SIGHUP, SIG_IGN);
  auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  std::vector<Problem> problems;
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  Setup setup = prepare_setup(std::move(*config), runtime.handler_types, now, problems);
  check_outbound_files(setup.config, problems);
  if (!can_serve(setup, problems, now)) {
    print_problems(runtime, problems);
    return Exit::kUsage;
  }
  const std::string where = setup.config.file.string() + ": store.url";
  const auto url = storage::parse_store_url(setup.config.store.url, setup.config.directory);
  if (!url) {
    print_problems(runtime, {{where, url.error().message}});
    return Exit::kUsage;
  }
  // Start the service even if the PostgreSQL server cannot be reached. WeChat Pay then gets a reply
  // with status 503 instead of a refused connection.
  storage::StoreOptions store_settings = store_options(setup.config);
  store_settings.may_be_away = true;
  const auto store = runtime.open_store(*url, store_settings, base::to_unix_ms(runtime.clock()));
  if (!store) {
    print_problems(runtime, {{where, store.error().message}});
    return Exit::kFailed;
  }
  const OrphanReaper reaper(runtime.handler_types.empty() ? std::chrono::milliseconds(0)
                                                          : kOwnHandlersGrace);
  std::array<unsigned char, 8> seed{};
  runtime.random(seed);
  ServiceOptions options{runtime.environment,
                         runtime.clock,
                         runtime.handler_types,
                         std::bit_cast<std::uint64_t>(seed),
                         replica_name(),
                         [&runtime](const ServiceUrls& urls) {
                           runtime.out << "couponhook: notifications at " << urls.listener
                                       << ", status at " << urls.admin;
                           if (!urls.metrics.empty())
                             runtime.out << ", metrics at " << urls.metrics;
                           runtime.out << std::endl;
                         }};
  if (const auto problem =
          run_service(std::move(setup), std::move(problems), **store, std::move(options))) {
    print_problems(runtime, {*problem});
    return Exit::kFailed;
  }
  return Exit::kOk;
}

}  // namespace

void declare_serve(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  Options options = line.add("serve", "Run the service until SIGTERM",
                             [&common, &runtime] { return serve(common, runtime); });
  add_config_option(options, common);
}

}  // namespace couponhook::server
