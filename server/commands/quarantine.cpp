#include <iomanip>
#include <ostream>

#include "server/commands/status_client.hpp"
#include "server/net/target.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

struct QuarantineListOptions {
  std::string limit;
  std::string cursor;
  bool json = false;
};

struct OpenOptions {
  std::vector<std::string> ids;
  bool all = false;
};

Exit list_quarantine(const CommonOptions& common, const QuarantineListOptions& chosen,
                     World& world) {
  StatusClient client(common, world);
  const auto page = client.ask("GET", target_with("/quarantine", {{"mchid", common.mchid},
                                                                  {"limit", chosen.limit},
                                                                  {"cursor", chosen.cursor}}));
  if (!page) return client.exit();
  if (chosen.json) {
    world.out << client.body() << '\n';
    return Exit::kOk;
  }
  world.out << std::left << std::setw(8) << "id" << std::setw(38) << "notification" << std::setw(18)
            << "reason" << std::setw(26) << "received"
            << "detail\n";
  for (const Value& item : (*page)["items"].GetArray()) {
    world.out << std::setw(8) << text_of(item, "quarantine_id") << std::setw(38)
              << text_of(item, "id") << std::setw(18) << text_of(item, "reason") << std::setw(26)
              << text_of(item, "received_at") << text_of(item, "detail") << '\n';
  }
  if ((*page)["next_cursor"].IsString()) {
    world.out << "more: --cursor " << (*page)["next_cursor"].GetString() << '\n';
  }
  return Exit::kOk;
}

/// Every id in quarantine, or nothing where that could not be told.
std::optional<std::vector<std::string>> all_ids(StatusClient& client, const std::string& mchid) {
  std::vector<std::string> ids;
  std::string cursor;
  do {
    const auto page = client.ask(
        "GET",
        target_with("/quarantine", {{"mchid", mchid}, {"limit", "500"}, {"cursor", cursor}}));
    if (!page) return std::nullopt;
    for (const Value& item : (*page)["items"].GetArray()) {
      ids.push_back(text_of(item, "quarantine_id"));
    }
    const Value& next = (*page)["next_cursor"];
    cursor = next.IsString() ? next.GetString() : "";
  } while (!cursor.empty());
  return ids;
}

/// Each by itself, so that one that stays sealed holds none of the others back.
Exit open(const CommonOptions& common, OpenOptions chosen, World& world) {
  if (chosen.all != chosen.ids.empty()) {
    world.err << "couponhook: quarantine open: give the IDs that `quarantine list` shows, or "
                 "--all\n";
    return Exit::kUsage;
  }
  StatusClient client(common, world);
  if (chosen.all) {
    auto ids = all_ids(client, common.mchid);
    if (!ids) return client.exit();
    chosen.ids = std::move(*ids);
  }
  std::size_t opened = 0;
  Progress progress(progress_on(world), "opened", chosen.ids.size());
  for (const std::string& id : chosen.ids) {
    const auto answer = client.ask("POST", "/quarantine/" + percent_encode(id) + "/open");
    if (!answer && client.exit() == Exit::kUsage) return Exit::kUsage;
    if (answer) ++opened;
    progress.advance();
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  world.out << opened << " opened of " << chosen.ids.size() << '\n';
  return opened == chosen.ids.size() ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void declare_quarantine(CommandLine& line, CommonOptions& common, World& world) {
  CommandGroup group = line.group("quarantine", "What was signed, but could not be opened");
  const auto listed = std::make_shared<QuarantineListOptions>();
  Options list_options = group.add("list", "List it, newest first", [&common, &world, listed] {
    return list_quarantine(common, *listed, world);
  });
  add_merchant_options(list_options, common);
  list_options.text("--limit", listed->limit, "How many at most, 1 to 500");
  list_options.text("--cursor", listed->cursor, "Where the last list said that there is more");
  list_options.flag("--json", listed->json, "As JSON");

  const auto opened = std::make_shared<OpenOptions>();
  Options open_options =
      group.add("open", "Try it again with the keys of today; what opens goes the ordinary way",
                [&common, &world, opened] { return open(common, *opened, world); });
  add_merchant_options(open_options, common);
  open_options.arguments("ID", opened->ids, "These");
  open_options.flag("--all", opened->all, "All");
}

}  // namespace couponhook::server
