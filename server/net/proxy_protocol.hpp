#pragma once

/// \file
/// Parses the PROXY protocol header, versions 1 and 2, in which a load balancer names the client.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.hpp"

namespace couponhook::server {

/// Length of the longest PROXY header that is accepted, in bytes. Version 1 needs 107 bytes, and
/// version 2 with the extensions of common load balancers stays below 600. The length field of
/// version 2 would allow 65,551.
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

/// Result of searching for a PROXY header in the first bytes of a connection.
struct ProxyHeader {
  enum class State : std::uint8_t {
    kIncomplete,  ///< more bytes are needed to decide whether there is a PROXY header
    kAbsent,      ///< the connection does not begin with a PROXY header
    kPresent,
    kMalformed,  ///< the bytes begin like a PROXY header, but the header is invalid or too long
  };
  State state;
  /// If the state is kPresent: the length of the PROXY header. If the state is kIncomplete: the
  /// number of bytes that must have arrived before the next try.
  std::size_t bytes = 0;
  /// IP address of the client that connected to the load balancer. Empty if the load balancer
  /// itself is the client (the LOCAL command of a health check) or does not know the client. The
  /// address of the TCP peer is used then.
  std::optional<base::IpAddress> source{};
};

/// Parses a PROXY header of version 1 or 2; extensions (TLVs) are skipped. A pure function without
/// I/O.
///
/// Source: "The PROXY protocol, versions 1 & 2", HAProxy's doc/proxy-protocol.txt, section 2.
/// \param bytes the first bytes of the connection, as many as have arrived.
/// \return the client's address, or the reason why there is none.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace couponhook::server
