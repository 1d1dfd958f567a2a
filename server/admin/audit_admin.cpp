#include "server/admin/audit_admin.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/json_writer.hpp"
#include "server/admin/admin_reply.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/admin/request_members.hpp"
#include "server/config/similar_word.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kDefaultLimit = 50;

std::string unknown_level(const std::string& level) {
  std::string message =
      R"(level must be one of trace, debug, info, warn, error: {"level":"debug"})";
  const std::string similar = similar_word(level, Log::kLevels);
  if (!similar.empty()) message += "; did you mean " + similar + "?";
  return message;
}

}  // namespace

void AuditAdmin::add_routes(AdminRoutes& routes) {
  add_get(routes, "/audit", at_once([this](const AdminCall& call) { return list(call.target); }));
  routes.add("POST", "/log", at_once([this](const AdminCall& call) { return set_level(call); }));
}

Reply AuditAdmin::list(const base::RequestTarget& target) {
  std::int64_t limit = kDefaultLimit;
  std::optional<std::int64_t> before;
  if (!read_parameter(target, "cursor", parse_number, before) ||
      !read_parameter(target, "limit", parse_number, limit) || limit < 1 || limit > kListLimitMax) {
    return error(400, "PARAM_ERROR", "limit is 1 to 500, cursor is a next_cursor");
  }
  const auto page = reader_.audit(limit, before);
  if (!page) return store_failed(page.error());
  return json_reply(200, audit_json(*page));
}

Reply AuditAdmin::set_level(const AdminCall& call) {
  const auto members = read_members(call.request.body, {"level", "reason"});
  if (!members) {
    return error(400, "PARAM_ERROR",
                 R"(the body is {"level":"…"}, and "reason" if you want to give one)");
  }
  const std::string level(members->parameter("level").value_or(""));
  if (std::ranges::find(Log::kLevels, level) == Log::kLevels.end()) {
    return error(400, "PARAM_ERROR", unknown_level(level));
  }
  const std::string_view reason = members->parameter("reason").value_or("");
  if (reason.size() > kReasonMax) return error(400, "PARAM_ERROR", kReasonHelp);
  const std::string before(log_.level());
  log_.set_level(level);
  auto record = audit_.action(call.by, "log_level", before + " to " + level, reason);
  static_cast<void>(audit_.record(std::move(record), "done"));
  base::JsonWriter json;
  json.begin().text("level", level).text("before", before).end();
  return json_reply(200, json.take());
}

std::string audit_json(const storage::AuditPage& page) {
  base::JsonWriter json;
  json.begin().begin_list("items");
  for (const storage::AuditRecord& record : page.items) {
    json.begin()
        .number("seq", record.sequence)
        .time("at", record.at_ms)
        .text("by", record.by)
        .text("from", record.from)
        .text("action", record.action)
        .text("target", record.target)
        .text("reason", record.reason)
        .text("result", record.result)
        .end();
  }
  json.end_list().cursor("next_cursor", page.next_before_sequence).end();
  return json.take();
}

}  // namespace couponhook::server
