#include "server/capture/tcpdump_text.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "base/ascii.hpp"

namespace couponhook::server {
namespace {

/// A packet as `tcpdump -A` prints it.
struct Packet {
  std::string flow;  ///< source and destination: "10.0.0.1.4711 > 10.0.0.2.80"
  std::size_t payload_bytes = 0;
  std::string_view text;
};

bool begins_request(std::string_view text) {
  return text.find(" HTTP/1.") != std::string_view::npos;
}

/// Returns the position of "source > destination" in the line that begins a packet: after the time
/// and "IP", or, with -v, at the beginning of a second line.
std::optional<std::size_t> find_flow(std::string_view line) {
  constexpr std::string_view kIndent = "    ";
  constexpr std::size_t kTimeMax = 40;  // with a date before the time and an interface after it
  if (line.starts_with(kIndent) && line.find(": Flags [") != std::string_view::npos)
    return kIndent.size();
  const auto ip = std::min(line.find(" IP "), line.find(" IP6 "));
  if (line.empty() || !base::is_digit(line.front()) || ip > kTimeMax) return std::nullopt;
  return line.find(' ', ip + 1) + 1;
}

/// Reads the line that begins a packet: source, destination and the length of the payload.
std::optional<Packet> read_packet_line(std::string_view line) {
  const auto flow_begin = find_flow(line);
  if (!flow_begin) return std::nullopt;
  const auto flow = *flow_begin;
  const auto flow_end = line.find(": ", flow);
  const auto length = line.rfind("length ", line.find(": HTTP"));
  if (flow_end == std::string_view::npos || length == std::string_view::npos) return std::nullopt;
  Packet packet;
  packet.flow = line.substr(flow, flow_end - flow);
  const char* const digits = line.data() + length + std::string_view("length ").size();
  std::from_chars(digits, line.data() + line.size(), packet.payload_bytes);
  return packet;
}

std::vector<Packet> read_packets(std::string_view text) {
  std::vector<Packet> packets;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (auto packet = read_packet_line(text.substr(at, end - at))) {
      if (!packets.empty()) packets.back().text = text.substr(begin, at - begin);
      packets.push_back(std::move(*packet));
      begin = std::min(end + 1, text.size());
    }
    at = end + 1;
  }
  if (!packets.empty()) packets.back().text = text.substr(begin);
  return packets;
}

/// Returns the end of a text that was printed for so many bytes. tcpdump prints one character for
/// each byte, but leaves out the CR of each line end.
std::string_view printed_end(std::string_view text, std::size_t bytes) {
  std::size_t size = std::min(bytes, text.size());
  constexpr int kRounds = 2;  // the first round also counts line ends before the payload
  for (int round = 0; round < kRounds; ++round) {
    const auto line_ends = std::ranges::count(text.substr(text.size() - size), '\n');
    size = std::min(bytes, text.size());
    size -= std::min(static_cast<std::size_t>(line_ends), size);
  }
  return text.substr(text.size() - size);
}

/// Returns what a packet adds to its flow. The first packet of a request keeps the printed headers
/// of IP and TCP, so that no character of the request line can be lost.
std::string_view payload_of(const Packet& packet) {
  std::string_view text = packet.text;
  // With -v, the decoded request comes before the packet; its lines are indented.
  while (text.starts_with('\t')) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  if (text.ends_with('\n')) text.remove_suffix(1);  // tcpdump ends each packet's text with it
  return begins_request(text) ? text : printed_end(text, packet.payload_bytes);
}

}  // namespace

std::optional<std::string> join_packets(std::string_view text) {
  const std::vector<Packet> packets = read_packets(text);
  if (packets.empty()) return std::nullopt;
  std::vector<std::string> flows;
  std::map<std::string, std::size_t> positions;
  for (const Packet& packet : packets) {
    if (packet.payload_bytes == 0) continue;
    const auto [place, is_new] = positions.emplace(packet.flow, flows.size());
    if (is_new) flows.emplace_back();
    std::string& flow = flows[place->second];
    const std::string_view payload = payload_of(packet);
    if (begins_request(payload) && !flow.empty()) flow += '\n';
    flow += payload;
  }
  std::string joined;
  for (const std::string& flow : flows) joined += flow + '\n';
  return joined;
}

}  // namespace couponhook::server
