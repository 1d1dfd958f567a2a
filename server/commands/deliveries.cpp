#include <ostream>

#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "server/commands/delivery_options.hpp"
#include "server/commands/order.hpp"
#include "server/commands/status_client.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

struct DeliveryListOptions {
  std::string id;
  DeliveryChoice choice;
  std::string limit;
  std::string cursor;
  bool json = false;
};

void print_deliveries(const Value& page, std::ostream& out) {
  Table table{"id", "handler", "state", "attempts", "due", "notification", "last error"};
  for (const Value& item : page["items"].GetArray()) {
    const std::string state =
        item["paused"].GetBool() ? text_of(item, "state") + "*" : text_of(item, "state");
    table.add({text_of(item, "id"), text_of(item, "handler"), state, text_of(item, "attempts"),
               text_of(item, "due_at"), text_of(item, "notification_id"),
               text_of(item, "last_error")});
  }
  table.print(out);
  if (page["next_cursor"].IsString()) {
    out << "more: --cursor " << page["next_cursor"].GetString() << '\n';
  }
}

/// Prints all facts about one delivery, one line each.
void print_delivery(const Value& delivery, std::ostream& out) {
  Table table{"delivery", text_of(delivery, "id")};
  for (const char* name :
       {"handler", "state", "attempts", "due_at", "last_error", "in_progress", "taken_by", "paused",
        "created_at", "finished_at", "notification_id", "type", "mchid"}) {
    table.add({name, text_of(delivery, name)});
  }
  table.print(out);
}

Exit show_delivery(const CommonOptions& common, const DeliveryListOptions& chosen,
                   Runtime& runtime) {
  StatusClient client(common, runtime);
  const auto answer = client.ask("GET", "/deliveries/" + base::percent_encode(chosen.id));
  if (!answer) return client.exit();
  if (chosen.json) {
    runtime.out << client.body() << '\n';
  } else {
    print_delivery(*answer, runtime.out);
  }
  return Exit::kOk;
}

Exit list_deliveries(const CommonOptions& common, const DeliveryListOptions& chosen,
                     Runtime& runtime) {
  if (!chosen.id.empty()) return show_delivery(common, chosen, runtime);
  StatusClient client(common, runtime);
  const DeliveryChoice& choice = chosen.choice;
  const auto page = client.ask("GET", target_with("/deliveries", {{"handler", choice.handler},
                                                                  {"state", choice.state},
                                                                  {"type", choice.type},
                                                                  {"mchid", choice.mchid},
                                                                  {"since", choice.since},
                                                                  {"until", choice.until},
                                                                  {"error", choice.error},
                                                                  {"limit", chosen.limit},
                                                                  {"cursor", chosen.cursor}}));
  if (!page) return client.exit();
  if (chosen.json) {
    runtime.out << client.body() << '\n';
  } else {
    print_deliveries(*page, runtime.out);
  }
  return Exit::kOk;
}

struct PauseOptions {
  std::string handler;
  std::string events;
  std::string reason;
  bool json = false;

  [[nodiscard]] std::string what() const {
    if (events.empty()) return "handler " + handler;
    return "events " + events + (handler.empty() ? "" : " for handler " + handler);
  }
};

Exit print_pauses(const CommonOptions& common, bool json, Runtime& runtime) {
  StatusClient client(common, runtime);
  const auto answer = client.ask("GET", "/pauses");
  if (!answer) return client.exit();
  if (json) {
    runtime.out << client.body() << '\n';
    return Exit::kOk;
  }
  if ((*answer)["items"].Empty()) runtime.out << "nothing is paused\n";
  for (const Value& pause : (*answer)["items"].GetArray()) {
    runtime.out << describe_pause(pause) << '\n';
  }
  return Exit::kOk;
}

Exit pause(const CommonOptions& common, const PauseOptions& chosen, Runtime& runtime) {
  if (chosen.handler.empty() && chosen.events.empty()) {
    return print_pauses(common, chosen.json, runtime);
  }
  return order(
      common, "POST", "/pauses",
      members({{"handler", chosen.handler}, {"events", chosen.events}, {"reason", chosen.reason}}),
      chosen.what(), runtime);
}

Exit resume(const CommonOptions& common, const PauseOptions& chosen, Runtime& runtime) {
  return order(common, "DELETE",
               target_with("/pauses", {{"handler", chosen.handler}, {"events", chosen.events}}), {},
               chosen.what(), runtime);
}

}  // namespace

void declare_deliveries(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<DeliveryListOptions>();
  Options options =
      line.add("deliveries", "List deliveries to handlers, newest first, or show one",
               [&common, &runtime, chosen] { return list_deliveries(common, *chosen, runtime); });
  add_config_option(options, common);
  options.text("ID", chosen->id, "Show the delivery with this number");
  chosen->choice.declare(options, "pending, retrying, dead, done or skipped");
  options.text("--limit", chosen->limit, "Largest number of entries, 1 to 500");
  options.text("--cursor", chosen->cursor,
               "Continue a list: the cursor that the last list printed");
  options.flag("--json", chosen->json, "Print JSON");
}

void declare_pause(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<PauseOptions>();
  Options options =
      line.add("pause", "Pause deliveries on every replica; without options: list the pauses",
               [&common, &runtime, chosen] { return pause(common, *chosen, runtime); });
  add_config_option(options, common);
  options.text("--handler", chosen->handler, "Only deliveries to this handler");
  options.text("--events", chosen->events,
               "Only deliveries of matching event types, for example COUPON.*");
  options.text("--reason", chosen->reason, "Reason, shown in the list of pauses");
  options.flag("--json", chosen->json, "Print the list of pauses as JSON");
}

void declare_resume(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<PauseOptions>();
  Options options =
      line.add("resume", "End a pause; takes the same options as `pause`",
               [&common, &runtime, chosen] { return resume(common, *chosen, runtime); });
  add_config_option(options, common);
  options.text("--handler", chosen->handler, "Handler of the pause");
  options.text("--events", chosen->events, "Event types of the pause");
}

}  // namespace couponhook::server
