#pragma once

/// \file
/// Whose word about a client's address is believed.

#include <span>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"

namespace couponhook::server {

/// The networks of our own load balancers. Immutable, thread-safe.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<base::IpNetwork> networks) : networks_(std::move(networks)) {}

  [[nodiscard]] bool contains(const base::IpAddress& address) const;

  /// The client behind a trusted proxy. Each proxy appends whom it saw, so the list is read from
  /// its end for as long as it names trusted proxies: what stands before was written by somebody
  /// whom nobody vouches for.
  /// \param hop who sent the request to us: a trusted proxy.
  /// \param lines the values of all X-Forwarded-For fields, in the order of the request.
  /// \return the first address from the end that is no trusted proxy, or the last one understood.
  [[nodiscard]] base::IpAddress client_behind(const base::IpAddress& hop,
                                        std::span<const std::string_view> lines) const;

 private:
  std::vector<base::IpNetwork> networks_;
};

}  // namespace couponhook::server
