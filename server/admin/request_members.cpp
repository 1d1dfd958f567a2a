#include "server/admin/request_members.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "server/admin/operator_sources.hpp"

namespace couponhook::server {

std::optional<base::RequestTarget> read_members(std::string_view body,
                                                const std::vector<std::string_view>& known) {
  base::RequestTarget members;
  if (body.empty()) return members;
  const auto object = base::parse_object(body, {});
  if (!object) return std::nullopt;
  for (const auto& member : object->value().GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (std::ranges::find(known, name) == known.end()) return std::nullopt;
    if (member.value.IsString()) {
      members.parameters.emplace_back(
          name, std::string(member.value.GetString(), member.value.GetStringLength()));
    } else if (member.value.IsBool()) {
      members.parameters.emplace_back(name, member.value.GetBool() ? "true" : "");
    } else {
      return std::nullopt;
    }
  }
  return members;
}

std::optional<std::string> reason_in(const base::RequestTarget& members) {
  const std::string reason(members.parameter("reason").value_or(""));
  const bool is_blank = reason.find_first_not_of(" \t\r\n") == std::string::npos;
  if (is_blank || reason.size() > kReasonMax) return std::nullopt;
  return reason;
}

std::optional<std::string> optional_reason_in(const base::RequestTarget& members) {
  std::string reason(members.parameter("reason").value_or(""));
  if (reason.size() > kReasonMax) return std::nullopt;
  return reason;
}

std::optional<std::string> reason_in(std::string_view body) {
  const auto members = read_members(body, {"reason"});
  if (!members) return std::nullopt;
  return reason_in(*members);
}

}  // namespace couponhook::server
