#pragma once

/// \file
/// Reads the PROXY protocol header at the beginning of a connection, before TLS.

#include <cstdint>

#include "base/ip_address.hpp"
#include "server/net/connection.hpp"
#include "server/net/trusted_proxies.hpp"

namespace couponhook::server {

enum class ProxyStatus : std::uint8_t {
  kOk,         ///< no PROXY header, or a valid one from a trusted proxy
  kUntrusted,  ///< a PROXY header from an address that is no trusted proxy
  kMalformed,
  kGone,  ///< the peer closed, failed or took too long
};

/// Reads the PROXY header at the beginning of a connection, if there is one, and takes no byte
/// behind it.
/// \param connection must have its deadline set.
/// \param client on entry the address of the TCP peer; changed to the client that a trusted proxy
///   names. Must live until the task is done, as must `trusted`.
[[nodiscard]] Task<ProxyStatus> read_proxy_header(Connection& connection,
                                                  const TrustedProxies& trusted,
                                                  base::IpAddress& client);

}  // namespace couponhook::server
