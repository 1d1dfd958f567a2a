#pragma once

/// \file
/// Reads the PROXY header that a connection may begin with, before TLS.

#include <cstdint>

#include "server/net/connection.hpp"
#include "base/ip_address.hpp"
#include "server/net/trusted_proxies.hpp"

namespace couponhook::server {

enum class ProxyStatus : std::uint8_t {
  kOk,         ///< there was none, or one that is believed
  kUntrusted,  ///< there was one, from somebody who has no business to send any
  kMalformed,
  kGone,  ///< the peer closed, failed, or took too long
};

/// Takes the header off the connection and not one byte more.
/// \param connection has its deadline set.
/// \param client the TCP peer; becomes whom a trusted proxy names. Must live until the task is
///   done, as must `trusted`.
[[nodiscard]] Task<ProxyStatus> read_proxy_header(Connection& connection,
                                                  const TrustedProxies& trusted, base::IpAddress& client);

}  // namespace couponhook::server
