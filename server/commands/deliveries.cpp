#include <iomanip>
#include <ostream>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "server/commands/delivery_options.hpp"
#include "server/commands/status_client.hpp"
#include "server/net/target.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

struct DeliveryListOptions {
  DeliveryChoice choice;
  std::string limit;
  std::string cursor;
  bool json = false;
};

void print_deliveries(const Value& page, std::ostream& out) {
  out << std::left << std::setw(10) << "id" << std::setw(16) << "handler" << std::setw(10)
      << "state" << std::setw(9) << "attempts" << std::setw(26) << "due" << std::setw(38)
      << "notification"
      << "last error\n";
  for (const Value& item : page["items"].GetArray()) {
    const std::string state =
        item["paused"].GetBool() ? text_of(item, "state") + "*" : text_of(item, "state");
    out << std::setw(10) << text_of(item, "id") << std::setw(16) << text_of(item, "handler")
        << std::setw(10) << state << std::setw(9) << text_of(item, "attempts") << std::setw(26)
        << text_of(item, "due_at") << std::setw(38) << text_of(item, "notification_id")
        << text_of(item, "last_error") << '\n';
  }
  if (page["next_cursor"].IsString()) {
    out << "more: --cursor " << page["next_cursor"].GetString() << '\n';
  }
}

Exit list_deliveries(const CommonOptions& common, const DeliveryListOptions& chosen, World& world) {
  StatusClient client(common, world);
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
    world.out << client.body() << '\n';
  } else {
    print_deliveries(*page, world.out);
  }
  return Exit::kOk;
}

std::string members(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  for (const auto& [name, text] : texts) {
    if (text.empty()) continue;
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

/// Asks for something whose answer is {"result": …}.
Exit order(const CommonOptions& common, const std::string& method, const std::string& target,
           const std::string& body, const std::string& what, World& world) {
  StatusClient client(common, world);
  const auto answer = client.ask(method, target, body);
  if (!answer) return client.exit();
  world.out << what << ": " << text_of(*answer, "result") << '\n';
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

Exit print_pauses(const CommonOptions& common, bool json, World& world) {
  StatusClient client(common, world);
  const auto answer = client.ask("GET", "/pauses");
  if (!answer) return client.exit();
  if (json) {
    world.out << client.body() << '\n';
    return Exit::kOk;
  }
  if ((*answer)["items"].Empty()) world.out << "nothing is paused\n";
  for (const Value& pause : (*answer)["items"].GetArray()) {
    world.out << "handler " << text_of(pause, "handler") << ", events " << text_of(pause, "events")
              << ", since " << text_of(pause, "since") << ": " << text_of(pause, "reason") << '\n';
  }
  return Exit::kOk;
}

Exit pause(const CommonOptions& common, const PauseOptions& chosen, World& world) {
  if (chosen.handler.empty() && chosen.events.empty()) {
    return print_pauses(common, chosen.json, world);
  }
  return order(
      common, "POST", "/pauses",
      members({{"handler", chosen.handler}, {"events", chosen.events}, {"reason", chosen.reason}}),
      chosen.what(), world);
}

Exit resume(const CommonOptions& common, const PauseOptions& chosen, World& world) {
  return order(common, "DELETE",
               target_with("/pauses", {{"handler", chosen.handler}, {"events", chosen.events}}), {},
               chosen.what(), world);
}

}  // namespace

void declare_deliveries(CommandLine& line, CommonOptions& common, World& world) {
  const auto chosen = std::make_shared<DeliveryListOptions>();
  Options options =
      line.add("deliveries", "List deliveries to handlers, newest first",
               [&common, &world, chosen] { return list_deliveries(common, *chosen, world); });
  add_config_option(options, common);
  chosen->choice.declare(options, "pending, retrying, dead, done or skipped");
  options.text("--limit", chosen->limit, "How many at most, 1 to 500");
  options.text("--cursor", chosen->cursor, "Where the last list said that there is more");
  options.flag("--json", chosen->json, "As JSON");
}

void declare_skip(CommandLine& line, CommonOptions& common, World& world) {
  struct Chosen {
    std::string id;
    std::string reason;
  };
  const auto chosen = std::make_shared<Chosen>();
  Options options =
      line.add("skip", "Drop a delivery, so that its coupon goes on", [&common, &world, chosen] {
        return order(common, "POST", "/deliveries/" + percent_encode(chosen->id) + "/skip",
                     members({{"reason", chosen->reason}}), "delivery " + chosen->id, world);
      });
  add_config_option(options, common);
  options.required_text("ID", chosen->id, "The delivery's id");
  options.required_text("--reason", chosen->reason, "Why, for its history");
}

void declare_pause(CommandLine& line, CommonOptions& common, World& world) {
  const auto chosen = std::make_shared<PauseOptions>();
  Options options =
      line.add("pause", "Hold deliveries back on every replica; alone: say what is held back",
               [&common, &world, chosen] { return pause(common, *chosen, world); });
  add_config_option(options, common);
  options.text("--handler", chosen->handler, "Those to this handler");
  options.text("--events", chosen->events, "Those of event types that match: COUPON.*");
  options.text("--reason", chosen->reason, "Why, for whoever finds it paused");
  options.flag("--json", chosen->json, "What is held back, as JSON");
}

void declare_resume(CommandLine& line, CommonOptions& common, World& world) {
  const auto chosen = std::make_shared<PauseOptions>();
  Options options = line.add("resume", "Let go what was paused in the same words",
                             [&common, &world, chosen] { return resume(common, *chosen, world); });
  add_config_option(options, common);
  options.text("--handler", chosen->handler, "As it was paused");
  options.text("--events", chosen->events, "As they were paused");
}

}  // namespace couponhook::server
