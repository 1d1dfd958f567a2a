#pragma once

/// \file
/// Reads the PROXY protocol header at the beginning of a connection, before TLS.

#include <cstdint>

#include "base/ip_address.hpp"
#include "server/net/connection.hpp"
#include "server/net/trusted_proxies.hpp"

namespace couponhook::server {

enum class ProxyStatus : std::uint8_t {
  kOk,         ///< the connection has no PROXY header, or a valid one from a trusted proxy
  kUntrusted,  ///< an address that is no trusted proxy sent a PROXY header
  kMalformed,
  /// The peer closed the connection, the connection failed, or the PROXY header took too long.
  kGone,
};

/// Reads the PROXY header at the beginning of a connection, if there is one, and reads no byte
/// behind it.
/// \param connection must have its deadline set.
/// \param client when called, the address of the TCP peer; changed to the address of the client
///   that a trusted proxy names. Both `client` and `trusted` must live until the task is done.
[[nodiscard]] Task<ProxyStatus> read_proxy_header(Connection& connection,
                                                  const TrustedProxies& trusted,
                                                  base::IpAddress& client);

}  // namespace couponhook::server
