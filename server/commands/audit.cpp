#include <memory>
#include <ostream>

#include "server/commands/command_line.hpp"
#include "server/commands/status_client.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

struct AuditOptions {
  std::string limit;
  std::string cursor;
  bool json = false;
};

Exit list_actions(const CommonOptions& common, const AuditOptions& chosen, Runtime& runtime) {
  StatusClient client(common, runtime);
  const auto page = client.ask(
      "GET", target_with("/audit", {{"limit", chosen.limit}, {"cursor", chosen.cursor}}));
  if (!page) return client.exit();
  if (chosen.json) {
    runtime.out << client.body() << '\n';
    return Exit::kOk;
  }
  Table table{"at", "by", "from", "action", "target", "result", "reason"};
  for (const rapidjson::Value& item : (*page)["items"].GetArray()) {
    table.add({text_of(item, "at"), text_of(item, "by"), text_of(item, "from"),
               text_of(item, "action"), text_of(item, "target"), text_of(item, "result"),
               text_of(item, "reason")});
  }
  table.print(runtime.out);
  if ((*page)["next_cursor"].IsString()) {
    runtime.out << "more: --cursor " << (*page)["next_cursor"].GetString() << '\n';
  }
  return Exit::kOk;
}

}  // namespace

void declare_audit(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<AuditOptions>();
  Options options =
      line.add("audit", "List what operators did, newest first: who, when and why",
               [&common, &runtime, chosen] { return list_actions(common, *chosen, runtime); });
  add_config_option(options, common);
  options.text("--limit", chosen->limit, "Largest number of entries, 1 to 500");
  options.text("--cursor", chosen->cursor,
               "Continue a list: the cursor that the last list printed");
  options.flag("--json", chosen->json, "Print JSON");
}

}  // namespace couponhook::server
