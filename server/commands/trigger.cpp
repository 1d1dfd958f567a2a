#include <algorithm>
#include <memory>
#include <ostream>

#include "sandbox/local/event_templates.hpp"
#include "server/commands/sending.hpp"

namespace couponhook::server {
namespace {

struct TriggerOptions {
  SendingOptions sending;
  std::string event;
  std::uint64_t count = 1;
  std::vector<std::string> settings;
  std::string id;
};

/// Parses the values of the --set options, which change fields of the notification. If a value is
/// wrong, prints the problem and returns nothing.
std::optional<std::vector<FieldSetting>> parse_settings(const std::vector<std::string>& texts,
                                                        Runtime& runtime) {
  std::vector<FieldSetting> settings;
  std::vector<Problem> problems;
  for (const std::string& text : texts) {
    auto setting = FieldSetting::parse(text);
    if (setting) {
      settings.push_back(std::move(*setting));
    } else {
      problems.push_back({"--set", setting.error()});
    }
  }
  print_problems(runtime, problems);
  if (!problems.empty()) return std::nullopt;
  return settings;
}

/// Returns a function that makes one draft of a notification from the template at each call, and
/// `count` drafts in total.
NextOutgoing drafts_of(const EventTemplate& event, const TriggerOptions& options, Bad bad) {
  return [&event, &options, bad, sent = std::uint64_t{0}]() mutable -> std::optional<Outgoing> {
    if (sent++ == options.count) return std::nullopt;
    auto draft = event.make_draft();
    Outgoing outgoing;
    outgoing.draft = std::move(*draft);
    if (!options.id.empty()) outgoing.draft.id = options.id;
    outgoing.expected = expected_status(bad, 204);
    return outgoing;
  };
}

Exit send(const TriggerOptions& options, Sending& sending, const EventTemplate& event,
          Runtime& runtime) {
  sending.plan.notifications = options.count;
  // Use no more connections than there are copies of notifications to send: more would be useless.
  const std::uint64_t copies = options.count * sending.plan.copies;
  sending.plan.connections =
      static_cast<std::size_t>(std::min<std::uint64_t>(sending.plan.connections, copies));
  UnexpectedReplies unexpected;
  const auto summary = send_all(
      sending.plan, sending.maker, drafts_of(event, options, sending.plan.bad),
      [&unexpected](const Outgoing& outgoing, const std::vector<CopyResult>& results) {
        unexpected.check(outgoing.draft.id, outgoing, results);
      },
      progress_on(runtime));
  if (!summary) {
    runtime.err << "couponhook: nothing was sent: " << summary.error().text() << '\n';
    return Exit::kFailed;
  }
  if (options.sending.json) {
    base::JsonWriter json;
    json.begin();
    write_summary(*summary, json);
    runtime.out << json.end().take() << '\n';
  } else {
    print_summary(*summary, runtime.out);
  }
  unexpected.print(summary->unexpected, runtime.err);
  return summary->unexpected == 0 ? Exit::kOk : Exit::kFailed;
}

Exit trigger(const TriggerOptions& options, const CommonOptions& common, Runtime& runtime) {
  if (!names_event(options.event)) {
    print_problems(runtime,
                   {{"trigger", "\"" + options.event +
                                    "\" is not an event; name issue, redeem or refund, or an "
                                    "event type such as COUPON.USE"}});
    return Exit::kUsage;
  }
  auto settings = parse_settings(options.settings, runtime);
  if (!settings) return Exit::kUsage;
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  const MerchantConfig* const merchant = choose_merchant(*config, common, runtime);
  if (merchant == nullptr) return Exit::kUsage;
  const EventTemplate event(resolve_event(options.event), merchant->mchid, std::move(*settings),
                            runtime.random, runtime.clock);
  // Make one draft of the notification as a test: a --set option fits either every draft or no
  // draft.
  if (const auto draft = event.make_draft(); !draft) {
    print_problems(runtime, {{"--set", draft.error()}});
    return Exit::kUsage;
  }
  auto sending = prepare_sending(options.sending, *config, *merchant, runtime);
  if (!sending) return Exit::kUsage;
  return send(options, *sending, event, runtime);
}

}  // namespace

void declare_trigger(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<TriggerOptions>();
  Options options = line.add(
      "trigger", "Encrypt, sign and send notifications as WeChat Pay would, with a development key",
      [chosen, &common, &runtime] { return trigger(*chosen, common, runtime); });
  options.required_text("EVENT", chosen->event,
                        "issue, redeem, refund, or an event type: COUPON.USE, …");
  add_merchant_options(options, common);
  options.number("--count", chosen->count, 1, 10'000'000,
                 "Number of notifications, each with its own ids");
  options.texts("--set", chosen->settings,
                "A field of the resource: json.path=value; may be given several times. The value "
                "is JSON, or text where it is none; a number stays text in a text field");
  options.text("--id", chosen->id, "The notification's id; default: a random one for each");
  add_sending_options(options, chosen->sending);
}

}  // namespace couponhook::server
