#pragma once

/// \file
/// One DNS look-up of one host name, with c-ares on Asio's event loop.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/net/address_cache.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Settings of a DNS look-up. The defaults are the operating system's own settings.
struct ResolverOptions {
  /// Path of the file with the name servers; empty for /etc/resolv.conf.
  std::string resolv_conf;
  /// UDP and TCP port of the name servers; 0 for the usual port 53.
  std::uint16_t name_server_port = 0;
};

/// Result of a DNS look-up.
struct NameAnswer {
  AddressAnswer addresses;
  std::chrono::seconds ttl{0};
  /// True if the result may be cached: addresses were found, or a name server said that the host
  /// has no addresses. False if no name server answered, because the host may then still have
  /// addresses.
  bool definite = false;
};

/// One DNS look-up of a host name. Reads /etc/hosts, then asks the name servers of resolv.conf for
/// IPv4 and IPv6 addresses at the same time. Each look-up has its own sockets and timers and reads
/// both files again. So a name server that does not answer for one name delays no other look-up,
/// and a changed file needs no restart. The destructor abandons the look-up.
///
/// Not thread-safe: use the look-up only on the thread of its executor. Do not destroy the look-up
/// inside the callback `on_end`.
class NameQuery {
 public:
  /// Starts the DNS look-up.
  /// \param time_limit time within which the caller can use an answer; every name server is asked
  ///   within this time.
  /// \param on_end called once with the result, possibly before the constructor returns.
  NameQuery(Executor executor, const std::string& host, const ResolverOptions& options,
            std::chrono::milliseconds time_limit, std::function<void(NameAnswer)> on_end);
  ~NameQuery();
  NameQuery(const NameQuery&) = delete;
  NameQuery& operator=(const NameQuery&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace couponhook::server
