#include "server/net/proxy_reader.hpp"

#include <array>

#include "server/net/proxy_protocol.hpp"

namespace couponhook::server {

Task<ProxyStatus> read_proxy_header(Connection& connection, const TrustedProxies& trusted,
                                    base::IpAddress& client) {
  using State = ProxyHeader::State;
  std::array<char, kProxyHeaderBytesMax> buffer;
  ProxyHeader header{State::kIncomplete, 1};
  while (header.state == State::kIncomplete) {
    const IoResult peeked = co_await connection.peek(buffer, header.bytes);
    if (peeked.status != IoStatus::kOk) co_return ProxyStatus::kGone;
    header = parse_proxy_header({buffer.data(), peeked.bytes});
  }
  if (header.state == State::kAbsent) co_return ProxyStatus::kOk;
  if (!trusted.contains(client)) co_return ProxyStatus::kUntrusted;
  if (header.state == State::kMalformed) co_return ProxyStatus::kMalformed;
  connection.skip_peeked(header.bytes);
  if (header.source) client = *header.source;
  co_return ProxyStatus::kOk;
}

}  // namespace couponhook::server
