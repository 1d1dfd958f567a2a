#pragma once

/// \file
/// The PROXY protocol, with which a load balancer says whose connection it passes on.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.hpp"

namespace couponhook::server {

/// Longer headers are refused. Version 1 needs 107 bytes; version 2 with the extensions of the
/// usual balancers stays below 600, and its length field could say 65,551.
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

/// What the first bytes of a connection say.
struct ProxyHeader {
  enum class State : std::uint8_t {
    kIncomplete,  ///< more bytes are needed to tell
    kAbsent,      ///< the connection begins with something else
    kPresent,
    kMalformed,  ///< begins like a header and is none, or one that is too long
  };
  State state;
  /// kPresent: the header's length. kIncomplete: how many bytes to have before asking again.
  std::size_t bytes = 0;
  /// Who connected to the balancer. Absent where the balancer speaks for itself (the LOCAL command
  /// of a health check) or does not know: the connection's own peer counts then.
  std::optional<base::IpAddress> source{};
};

/// Reads version 1 or 2 of the header; extensions (TLVs) are skipped. Pure, no I/O.
///
/// Source: "The PROXY protocol, versions 1 & 2", HAProxy's doc/proxy-protocol.txt, section 2.
/// \param bytes the connection's first ones, as far as they have come.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace couponhook::server
