#pragma once

/// \file
/// Reads the messages of the status endpoint's event stream, for the command `listen`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::server {

/// One message of a stream of server-sent events.
struct EventMessage {
  std::string id;
  std::string name;
  std::string data;
};

/// Parses the complete messages of a stream of server-sent events, as the status endpoint writes
/// them. A message without data, such as a comment, is left out.
[[nodiscard]] std::vector<EventMessage> parse_event_messages(std::string_view text);

/// Finds a member of a JSON object, in its outermost object only.
/// \param json a valid JSON object.
/// \return the JSON text of the member's value, byte for byte; nothing if there is no such member.
[[nodiscard]] std::optional<std::string_view> raw_member(std::string_view json,
                                                         std::string_view name);

}  // namespace couponhook::server
