#pragma once

/// \file
/// Rules for the IP addresses that outgoing HTTP calls may connect to (protection against SSRF).

#include <boost/asio/ip/address.hpp>

namespace couponhook::server {

/// Allows or refuses the IP address that an outgoing HTTP call would connect to. Without this
/// check, a configured URL, or the operator of its DNS name, could direct outgoing calls to
/// services inside this machine or its network. The check is done on resolved addresses, so that a
/// DNS name cannot bypass it.
struct AddressGuard {
  /// Allows loopback, private (RFC 1918, RFC 4193) and shared (RFC 6598) addresses: a merchant's
  /// own systems are often there.
  bool allow_private = true;
  /// Allows link-local addresses and the metadata services of clouds. A metadata service gives out
  /// credentials without authentication.
  bool allow_metadata = false;

  [[nodiscard]] bool allows(const boost::asio::ip::address& address) const;
};

}  // namespace couponhook::server
