#pragma once

/// \file
/// Networks of trusted proxies. The service believes the PROXY and X-Forwarded-For headers that
/// these proxies send.

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
  /// request to X-Forwarded-For. So the header is read from its end, as long as it names trusted
  /// proxies; the client may have forged the entries before that.
  /// \param hop IP address of the request's sender: a trusted proxy.
  /// \param lines the values of all X-Forwarded-For fields, in the order of the request.
  /// \return the first address from the end that is no trusted proxy, or the last address that
  ///   could be parsed.
  [[nodiscard]] base::IpAddress client_behind(const base::IpAddress& hop,
                                              std::span<const std::string_view> lines) const;

 private:
  std::vector<base::IpNetwork> networks_;
};

}  // namespace couponhook::server
