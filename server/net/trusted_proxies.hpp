#pragma once

/// \file
/// Networks of trusted proxies. The service believes the addresses of clients that these
/// proxies name, in a PROXY header or in headers of a request.

#include <span>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"

namespace couponhook::server {

/// The networks of the trusted proxies: our own load balancers. Immutable and thread-safe.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<base::IpNetwork> networks) : networks_(std::move(networks)) {}

  [[nodiscard]] bool contains(const base::IpAddress& address) const;

  /// Finds the client behind a trusted proxy. Each proxy appends the address from which it got the
  /// request to the addresses that the request names. So they are read from the last, as long as
  /// they belong to trusted proxies; the client may have forged the addresses before that.
  /// \param hop IP address of the request's sender: a trusted proxy.
  /// \param addresses the addresses that the request's headers name (see forwarded_addresses()).
  /// \return the first address from the end that is no trusted proxy, or the last address that
  ///   could be parsed.
  [[nodiscard]] base::IpAddress client_behind(const base::IpAddress& hop,
                                              std::span<const std::string_view> addresses) const;

 private:
  std::vector<base::IpNetwork> networks_;
};

}  // namespace couponhook::server
