#pragma once

/// \file
/// Which addresses may be called.

#include <boost/asio/ip/address.hpp>

namespace couponhook::server {

/// Keeps a configured URL, or whoever answers for its name, from turning outward calls against the
/// machine's own surroundings. Looks at addresses after the look-up, so that no name gets round it.
struct AddressGuard {
  /// Loopback, private (RFC 1918, RFC 4193) and shared (RFC 6598) addresses: where a merchant's own
  /// systems often are.
  bool allow_private = true;
  /// Link-local addresses and those where clouds hand out credentials to whoever asks.
  bool allow_metadata = false;

  [[nodiscard]] bool allows(const boost::asio::ip::address& address) const;
};

}  // namespace couponhook::server
