#include "server/log/audit_line.hpp"

#include "base/wechat_time.hpp"
#include "server/log/line_fields.hpp"

namespace couponhook::server {

std::string audit_fields(const storage::AuditRecord& record, bool json) {
  LineFields fields(json);
  fields.text("event", "audit");
  fields.readable_text("by", record.by);
  fields.readable_text("from", record.from);
  fields.readable_text("action", record.action);
  fields.readable_text("target", record.target);
  fields.readable_text("reason", record.reason);
  fields.readable_text("result", record.result);
  return fields.line();
}

std::string audit_line(const storage::AuditRecord& record, const LogConfig& config) {
  const bool json = config.format == "json";
  const std::string time = base::format_unix_ms(record.at_ms);
  const std::string fields = audit_fields(record, json);
  if (!json) return time + " info " + fields;
  return R"({"time":")" + time + R"(","level":"info",)" + fields + "}";
}

}  // namespace couponhook::server
