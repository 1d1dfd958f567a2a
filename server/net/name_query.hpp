#pragma once

/// \file
/// One look-up of one name with c-ares, on Asio's event loop.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/net/address_cache.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// How names are looked up. The defaults are the system's.
struct ResolverOptions {
  std::string resolv_conf;             ///< empty: /etc/resolv.conf
  std::uint16_t name_server_port = 0;  ///< 0: 53
};

/// What came of a look-up.
struct NameAnswer {
  AddressAnswer addresses;
  std::chrono::seconds ttl{0};
  /// Whether it may be kept: the addresses, or that the name does not exist. That no name server
  /// answered says nothing of the name.
  bool definite = false;
};

/// Reads /etc/hosts, then asks the name servers of resolv.conf for IPv4 and IPv6 addresses at once.
/// Each look-up has sockets and timers of its own, and reads both files anew: a name server that
/// does not answer for one name holds up no other look-up, and a changed file needs no restart. Its
/// destruction abandons the look-up.
///
/// Not thread-safe: used on the thread of its executor, and never destroyed within `on_end`.
class NameQuery {
 public:
  /// \param patience the time in which an answer is of use: every name server is asked within it.
  /// \param on_end called once, possibly before the constructor returns.
  NameQuery(Executor executor, const std::string& host, const ResolverOptions& options,
            std::chrono::milliseconds patience, std::function<void(NameAnswer)> on_end);
  ~NameQuery();
  NameQuery(const NameQuery&) = delete;
  NameQuery& operator=(const NameQuery&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace couponhook::server
