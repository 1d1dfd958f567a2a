#include <ostream>

#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "server/commands/order.hpp"
#include "server/commands/status_client.hpp"
#include "server/commands/table.hpp"

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

struct DiscardOptions {
  std::string id;
  std::string reason;
};

Exit list_quarantine(const CommonOptions& common, const QuarantineListOptions& chosen,
                     Runtime& runtime) {
  StatusClient client(common, runtime);
  const auto page = client.ask("GET", target_with("/quarantine", {{"mchid", common.mchid},
                                                                  {"limit", chosen.limit},
                                                                  {"cursor", chosen.cursor}}));
  if (!page) return client.exit();
  if (chosen.json) {
    runtime.out << client.body() << '\n';
    return Exit::kOk;
  }
  Table table{"id", "notification", "reason", "received", "detail"};
  for (const Value& item : (*page)["items"].GetArray()) {
    table.add({text_of(item, "quarantine_id"), text_of(item, "id"), text_of(item, "reason"),
               text_of(item, "received_at"), text_of(item, "detail")});
  }
  table.print(runtime.out);
  if ((*page)["next_cursor"].IsString()) {
    runtime.out << "more: --cursor " << (*page)["next_cursor"].GetString() << '\n';
  }
  return Exit::kOk;
}

/// A quarantined body or an unreadable notification that `quarantine open` tries to open. The entry
/// includes the merchant's id, because a notification's id is unique only within its merchant.
struct WaitingBody {
  std::string id;
  std::string mchid;
};

/// Appends all entries of a list at the status endpoint (all its pages) to `waiting`.
/// \return false if a page of the list could not be read.
bool append_list(StatusClient& client, const std::string& list, const std::string& state,
                 const char* key, const std::string& mchid, std::vector<WaitingBody>& waiting) {
  std::string cursor;
  do {
    const auto page = client.ask(
        "GET",
        target_with(list,
                    {{"state", state}, {"mchid", mchid}, {"limit", "500"}, {"cursor", cursor}}));
    if (!page) return false;
    for (const Value& item : (*page)["items"].GetArray()) {
      waiting.push_back({text_of(item, key), text_of(item, "mchid")});
    }
    const Value& next = (*page)["next_cursor"];
    cursor = next.IsString() ? next.GetString() : "";
  } while (!cursor.empty());
  return true;
}

/// Returns all quarantined bodies and all unreadable notifications; nothing if one of the two lists
/// could not be read.
std::optional<std::vector<WaitingBody>> list_waiting(StatusClient& client, const std::string& mchid) {
  std::vector<WaitingBody> waiting;
  if (!append_list(client, "/quarantine", {}, "quarantine_id", mchid, waiting) ||
      !append_list(client, "/notifications", "unreadable", "id", mchid, waiting)) {
    return std::nullopt;
  }
  return waiting;
}

/// Tries to open the entries in quarantine one by one, so that an entry that stays in quarantine
/// does not hold back the others.
Exit open(const CommonOptions& common, const OpenOptions& chosen, Runtime& runtime) {
  if (chosen.all != chosen.ids.empty()) {
    runtime.err << "couponhook: quarantine open: give the IDs that `quarantine list` or "
                   "`notifications --state unreadable` show, or --all\n";
    return Exit::kUsage;
  }
  StatusClient client(common, runtime);
  std::vector<WaitingBody> waiting;
  for (const std::string& id : chosen.ids) waiting.push_back({id, common.mchid});
  if (chosen.all) {
    auto all = list_waiting(client, common.mchid);
    if (!all) return client.exit();
    waiting = std::move(*all);
  }
  std::size_t opened = 0;
  base::Progress progress(progress_on(runtime), "tried", waiting.size());
  // Wait before the progress line is shown: a few entries are done at once and need no progress
  // line.
  progress.wait_before_first(std::chrono::steady_clock::now());
  for (const auto& [id, mchid] : waiting) {
    const auto answer = client.ask(
        "POST",
        target_with("/quarantine/" + base::percent_encode(id) + "/open", {{"mchid", mchid}}));
    if (!answer && client.exit() == Exit::kUsage) return Exit::kUsage;
    if (answer) ++opened;
    progress.advance();
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  runtime.out << opened << " opened of " << waiting.size() << '\n';
  return opened == waiting.size() ? Exit::kOk : Exit::kFailed;
}

Exit discard(const CommonOptions& common, const DiscardOptions& chosen, Runtime& runtime) {
  return order(common, "POST",
               target_with("/quarantine/" + base::percent_encode(chosen.id) + "/discard",
                           {{"mchid", common.mchid}}),
               members({{"reason", chosen.reason}}), chosen.id, runtime);
}

}  // namespace

void declare_quarantine(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group =
      line.group("quarantine", "Signed notifications that could not be decrypted or read");
  const auto listed = std::make_shared<QuarantineListOptions>();
  Options list_options = group.add("list", "List them, newest first", [&common, &runtime, listed] {
    return list_quarantine(common, *listed, runtime);
  });
  add_merchant_options(list_options, common);
  list_options.text("--limit", listed->limit, "Largest number of entries, 1 to 500");
  list_options.text("--cursor", listed->cursor,
                    "Continue a list: the cursor that the last list printed");
  list_options.flag("--json", listed->json, "Print JSON");

  const auto opened = std::make_shared<OpenOptions>();
  Options open_options = group.add(
      "open",
      "Try again with the current keys; what can be decrypted is processed like a new notification",
      [&common, &runtime, opened] { return open(common, *opened, runtime); });
  add_merchant_options(open_options, common);
  open_options.arguments(
      "ID", opened->ids,
      "Numbers of quarantined bodies, or ids of quarantined or unreadable notifications");
  open_options.flag("--all", opened->all, "All that are quarantined or unreadable");

  const auto discarded = std::make_shared<DiscardOptions>();
  Options discard_options = group.add(
      "discard", "Delete a quarantined body, or remove the mark of an unreadable notification",
      [&common, &runtime, discarded] { return discard(common, *discarded, runtime); });
  add_merchant_options(discard_options, common);
  discard_options.required_text("ID", discarded->id, "As for `quarantine open`");
  discard_options.required_text("--reason", discarded->reason, "Reason, for the log");
}

}  // namespace couponhook::server
