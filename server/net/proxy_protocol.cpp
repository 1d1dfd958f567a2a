#include "server/net/proxy_protocol.hpp"

#include <array>
#include <charconv>

namespace couponhook::server {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::size_t kLineBytesMax = 107;

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes2 = 16;
constexpr unsigned kVersion2 = 0x2;
constexpr unsigned kLocal = 0x0;
constexpr unsigned kProxy = 0x1;
constexpr unsigned kTcp4 = 0x11;
constexpr unsigned kTcp6 = 0x21;
constexpr unsigned kFamilyMax = 0x3;
constexpr unsigned kTransportMax = 0x2;
constexpr std::size_t kAddressBytes4 = 12;
constexpr std::size_t kAddressBytes6 = 36;

constexpr ProxyHeader kMalformedHeader{State::kMalformed};

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

template <std::size_t kSize>
std::array<unsigned char, kSize> bytes_at(std::string_view bytes, std::size_t at) {
  std::array<unsigned char, kSize> copy{};
  for (std::size_t i = 0; i < kSize; ++i) copy[i] = static_cast<unsigned char>(bytes[at + i]);
  return copy;
}

ProxyHeader parse_version_2(std::string_view bytes) {
  if (bytes.size() < kFixedBytes2) return {State::kIncomplete, kFixedBytes2};
  const unsigned version = byte_at(bytes, 12) >> 4;
  const unsigned command = byte_at(bytes, 12) & 0xF;
  const unsigned family = byte_at(bytes, 13);
  const std::size_t length = byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
  const std::size_t size = kFixedBytes2 + length;
  if (version != kVersion2 || command > kProxy || size > kProxyHeaderBytesMax) {
    return kMalformedHeader;
  }
  // The PROXY specification says that the addresses of a LOCAL header (a health check by the load
  // balancer) are ignored.
  if (command == kProxy) {
    if (family >> 4 > kFamilyMax || (family & 0xF) > kTransportMax) return kMalformedHeader;
    if (family == kTcp4 && length < kAddressBytes4) return kMalformedHeader;
    if (family == kTcp6 && length < kAddressBytes6) return kMalformedHeader;
  }
  if (bytes.size() < size) return {State::kIncomplete, size};
  if (command == kLocal) return {State::kPresent, size};
  if (family == kTcp4) {
    return {State::kPresent, size, base::IpAddress(bytes_at<4>(bytes, kFixedBytes2))};
  }
  if (family == kTcp6) {
    return {State::kPresent, size, base::IpAddress(bytes_at<16>(bytes, kFixedBytes2))};
  }
  return {State::kPresent, size};
}

/// Parses an IP address of the address family that a PROXY header of version 1 announces. A load
/// balancer that listens on IPv6 writes an IPv4 client as ::ffff:a.b.c.d, which is valid for TCP6.
/// \return nothing if the text is no address of that family.
std::optional<base::IpAddress> parse_address(std::string_view text, bool v6) {
  if ((text.find(':') != std::string_view::npos) != v6) return {};
  return base::IpAddress::parse(text);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return ec == std::errc() && end == text.data() + text.size();
}

/// Removes the first word, and the space behind it, from the front of `line`. \return the removed
/// word.
std::string_view next_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

ProxyHeader parse_version_1(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kLineBytesMax).find("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= kLineBytesMax) return kMalformedHeader;
    return {State::kIncomplete, bytes.size() + 1};
  }
  const std::size_t size = end + 2;
  std::string_view line = bytes.substr(kSignature1.size(), end - kSignature1.size());
  const std::string_view protocol = next_word(line);
  if (protocol == "UNKNOWN") return {State::kPresent, size};
  if (protocol != "TCP4" && protocol != "TCP6") return kMalformedHeader;
  const bool v6 = protocol == "TCP6";
  const auto source = parse_address(next_word(line), v6);
  const auto destination = parse_address(next_word(line), v6);
  const bool ports = is_port(next_word(line)) && is_port(line);
  if (!source || !destination || !ports) return kMalformedHeader;
  return {State::kPresent, size, source};
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.starts_with(kSignature2)) return parse_version_2(bytes);
  if (bytes.starts_with(kSignature1)) return parse_version_1(bytes);
  if (kSignature2.starts_with(bytes) || kSignature1.starts_with(bytes)) {
    return {State::kIncomplete, bytes.size() + 1};
  }
  return {State::kAbsent};
}

}  // namespace couponhook::server
