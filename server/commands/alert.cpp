#include <ostream>

#include "server/alert/alert_target.hpp"
#include "server/alert/alert_text.hpp"
#include "server/commands/command_line.hpp"
#include "server/service/replica_name.hpp"

namespace couponhook::server {
namespace {

struct AlertTestOptions {
  std::size_t number = 0;  ///< 0: all
};

/// Sends the test message to one receiver, and prints what its answer means.
Task<void> send_test(const AlertConfig& config, std::string name, ClientLoop& loop,
                     Runtime& runtime, bool& all_sent) {
  AlertAnswer answer;
  const auto target = load_alert_target(config);
  if (target) {
    const std::int64_t now_ms = base::to_unix_ms(runtime.clock());
    const AlertSource source{replica_name(), config.language};
    const std::string text = test_text(config.language, source.replica, now_ms);
    const ClientRequest request = config.type == AlertType::kHttp
                                      ? http_test_post(*target, source, now_ms)
                                      : robot_post(*target, text, now_ms);
    const AlertNetwork network{loop.io(), loop.deadlines(), loop.resolver()};
    answer = co_await send_alert(network, *target, request, runtime.clock());
  } else {
    answer.reason = target.error().where + " " + target.error().message;
  }
  const bool is_sent = answer.outcome == AlertOutcome::kSent;
  if (!is_sent) all_sent = false;
  (is_sent ? runtime.out : runtime.err)
      << name << ": " << (is_sent ? "sent" : answer.reason) << '\n';
}

Exit test_alerts(const AlertTestOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  const std::size_t count = config->alerts.size();
  if (count == 0 || chosen.number > count) {
    const std::string there = count == 0 ? "none" : "number 1 to " + std::to_string(count);
    print_problems(runtime, {{config->file.string() + ": alert",
                              "there is " + there + "; add an [[alert]] or correct --number"}});
    return Exit::kUsage;
  }
  bool all_sent = true;
  ClientLoop loop;
  for (std::size_t number = 1; number <= count; ++number) {
    if (chosen.number != 0 && chosen.number != number) continue;
    const AlertConfig& alert = config->alerts[number - 1];
    std::string name =
        "alert " + std::to_string(number) + " (" + std::string(to_string(alert.type)) + ")";
    loop.spawn(send_test(alert, std::move(name), loop, runtime, all_sent));
    loop.run();
  }
  return all_sent ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void declare_alert(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("alert", "Try the receivers of alerts");
  const auto chosen = std::make_shared<AlertTestOptions>();
  Options options = group.add(
      "test", "Send a harmless message to each [[alert]], and print what the answers mean",
      [chosen, &common, &runtime] { return test_alerts(*chosen, common, runtime); });
  add_config_option(options, common);
  options.number("--number", chosen->number, 0, 1000,
                 "Only this [[alert]], by its place in the configuration from 1; 0: all");
}

}  // namespace couponhook::server
