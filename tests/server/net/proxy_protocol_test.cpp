// Tests of the PROXY protocol header: it is recognized byte by byte and gives the client's address.
// The headers follow HAProxy's doc/proxy-protocol.txt, section 2. Each header is also cut at every
// length.

#include "server/net/proxy_protocol.hpp"

#include <string>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using State = ProxyHeader::State;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

/// Returns a PROXY header of version 2.
/// \param rest the bytes after the signature, in hexadecimal, starting with version and command.
std::string version_2(std::string_view rest) {
  return from_hex("0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A") + from_hex(rest);
}

// This PROXY header announces TCP over IPv4, from 203.0.113.7:50000 to 192.0.2.1:443.
const std::string kTcp4 = version_2("21 11 000C CB007107 C0000201 C350 01BB");
// This PROXY header announces TCP over IPv6, from [2001:db8::7]:50000 to [2001:db8::1]:443.
const std::string kTcp6 = version_2(
    "21 21 0024 20010DB8000000000000000000000007 20010DB8000000000000000000000001 C350 01BB");
// This PROXY header announces TCP over IPv4 and has two extensions: the ALPN "http/1.1" and a
// unique id of four bytes.
const std::string kTcp4Extended =
    version_2("21 11 001E CB007107 C0000201 C350 01BB 01 0008 687474702F312E31 05 0004 DEADBEEF");
const std::string kLine4 = "PROXY TCP4 203.0.113.7 192.0.2.1 50000 443\r\n";
const std::string kLine6 = "PROXY TCP6 2001:db8::7 2001:db8::1 50000 443\r\n";

void expect_source(const std::string& header, std::string_view source) {
  for (const std::string_view after : {"", "\x16\x03\x01", "POST / HTTP/1.1\r\n\r\n"}) {
    const ProxyHeader read = parse_proxy_header(header + std::string(after));
    ASSERT_EQ(read.state, State::kPresent) << header;
    EXPECT_EQ(read.bytes, header.size());
    EXPECT_EQ(read.source ? read.source->text() : "none", source);
  }
}

TEST(ProxyHeader, NamesTheSource) {
  expect_source(kTcp4, "203.0.113.7");
  expect_source(kTcp6, "2001:db8::7");
  expect_source(kLine4, "203.0.113.7");
  expect_source(kLine6, "2001:db8::7");
}

TEST(ProxyHeader, SkipsExtensions) {
  expect_source(kTcp4Extended, "203.0.113.7");
}

TEST(ProxyHeader, HasNoClientInAHealthCheck) {
  expect_source(version_2("20 00 0000"), "none");
  expect_source(version_2("20 11 000C CB007107 C0000201 C350 01BB"), "none");
  expect_source(version_2("20 FF 0003 000000"), "none");
}

TEST(ProxyHeader, HasNoClientIfTheBalancerKnowsNone) {
  expect_source(version_2("21 00 0000"), "none");
  expect_source(version_2("21 12 000C CB007107 C0000201 C350 01BB"),
                "none");  // a PROXY header for UDP names no client
  expect_source(version_2("21 31 00D8") + std::string(216, 'u'),
                "none");  // a PROXY header for a Unix socket names no client
  expect_source("PROXY UNKNOWN\r\n", "none");
  expect_source("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "none");
}

TEST(ProxyHeader, KnowsAnIpv4ClientOfAnIpv6Balancer) {
  expect_source("PROXY TCP6 ::ffff:203.0.113.7 ::ffff:192.0.2.1 1 2\r\n", "203.0.113.7");
}

TEST(ProxyHeader, IsIncompleteAtEveryLengthBelowItsOwnAndAsksForNoMoreThanThat) {
  for (const std::string& header : {kTcp4, kTcp6, kTcp4Extended, kLine4, kLine6}) {
    for (std::size_t length = 0; length < header.size(); ++length) {
      const ProxyHeader read = parse_proxy_header(std::string_view(header).substr(0, length));
      ASSERT_EQ(read.state, State::kIncomplete) << "at " << length;
      EXPECT_GT(read.bytes, length) << "or it would wait for what it has";
      EXPECT_LE(read.bytes, header.size()) << "or it would wait for the client to speak first";
    }
  }
}

TEST(ProxyHeader, IsAbsentBeforeTlsAndHttp) {
  using namespace std::string_view_literals;
  for (const auto first : {"\x16\x03\x01\x02"sv, "POST /"sv, "PUT /"sv, "PROPFIND /"sv, "PRI * "sv,
                           "\r\nPOST"sv, "\r\n\r\n\0\r\nQUIX"sv, "PROXY\tTCP4"sv}) {
    EXPECT_EQ(parse_proxy_header(first).state, State::kAbsent) << first;
  }
}

TEST(ProxyHeader, IsMalformedInVersion2) {
  for (const std::string_view rest : {
           // This PROXY header is malformed: it has the binary form but says version 1.
           "11 11 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is malformed: it says version 3, which does not exist.
           "31 11 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is malformed: its command is unknown.
           "22 11 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is malformed: its address family is unknown.
           "21 41 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is malformed: its transport protocol is unknown.
           "21 13 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is malformed: it is too short for two IPv4 addresses.
           "21 11 000B CB007107 C0000201 C350 01",
           // This PROXY header is malformed: it is too short for two IPv6 addresses.
           "21 21 000C CB007107 C0000201 C350 01BB",
           // This PROXY header is refused: it is one byte longer than the limit.
           "21 11 0FF1",
           "20 00 FFFF",
       }) {
    EXPECT_EQ(parse_proxy_header(version_2(rest)).state, State::kMalformed) << rest;
  }
}

TEST(ProxyHeader, MayBeAsLongAsTheLimit) {
  const std::string longest =
      version_2("21 11 0FF0 CB007107 C0000201 C350 01BB") + std::string(0xFF0 - 12, 'x');
  ASSERT_EQ(longest.size(), kProxyHeaderBytesMax);
  expect_source(longest, "203.0.113.7");
}

TEST(ProxyHeader, IsMalformedInVersion1) {
  for (const std::string_view line : {
           "PROXY \r\n",
           "PROXY TCP4\r\n",
           "PROXY TCP5 203.0.113.7 192.0.2.1 50000 443\r\n",
           "PROXY TCP4 203.0.113.7 192.0.2.1 50000\r\n",
           "PROXY TCP4 203.0.113.7 192.0.2.1 50000 443 \r\n",
           "PROXY TCP4  203.0.113.7 192.0.2.1 50000 443\r\n",
           "PROXY TCP4 203.0.113.7 192.0.2.1 50000 65536\r\n",
           "PROXY TCP4 203.0.113.7 192.0.2.1 -1 443\r\n",
           "PROXY TCP4 203.0.113.999 192.0.2.1 50000 443\r\n",
           "PROXY TCP4 2001:db8::7 2001:db8::1 50000 443\r\n",
           "PROXY TCP6 203.0.113.7 192.0.2.1 50000 443\r\n",
           "PROXY tcp4 203.0.113.7 192.0.2.1 50000 443\r\n",
       }) {
    EXPECT_EQ(parse_proxy_header(line).state, State::kMalformed) << line;
  }
}

TEST(ProxyHeader, IsMalformedWhereALineDoesNotEndIn107Bytes) {
  const std::string unknown = "PROXY UNKNOWN " + std::string(91, 'x');
  expect_source(unknown + "\r\n", "none");
  EXPECT_EQ(parse_proxy_header(unknown + "x").state, State::kIncomplete);
  EXPECT_EQ(parse_proxy_header(unknown + "xx").state, State::kMalformed);
  EXPECT_EQ(parse_proxy_header(unknown + "x\r\n").state, State::kMalformed);
}

}  // namespace
}  // namespace couponhook::server
