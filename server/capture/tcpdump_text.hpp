#pragma once

/// \file
/// Joins the packets that `tcpdump -A` prints.

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Joins the packets of each direction of each TCP connection, in the order in which `tcpdump -A`
/// printed them. The first packet of a request keeps its printed IP and TCP headers before the
/// request line; see parse_raw_http().
/// \return the joined text; nothing if the text is no output of tcpdump.
[[nodiscard]] std::optional<std::string> join_packets(std::string_view text);

}  // namespace couponhook::server
