#pragma once

/// \file
/// Opens a listener on all threads that serve it.

#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "server/config/config.hpp"
#include "server/net/io_thread.hpp"

namespace couponhook::server {

[[nodiscard]] HttpLimits listener_limits(const ListenerConfig& config);
/// As the listener's, but for the number of connections.
[[nodiscard]] HttpLimits admin_limits(const Config& config);

/// Where a listener is to be.
struct ListeningPlace {
  std::string address;
  std::uint16_t port;  ///< 0: the system chooses, once for all threads
  std::optional<int>
      passed;       ///< a socket that listens already; address and port do not matter then
  std::string key;  ///< the listener's table in the configuration, for error messages
};

/// What a client writes to get there.
[[nodiscard]] std::string url_of(bool tls, const asio::ip::tcp::endpoint& endpoint);

enum class Sharing : unsigned char {
  kNone,            ///< the port must be free
  kWithOurService,  ///< or held by a service of ours, of this user: both have SO_REUSEPORT
};
/// Binds to a place for a moment, without listening: nothing that comes in meanwhile is lost.
[[nodiscard]] error_code try_to_bind(const asio::ip::tcp::endpoint& endpoint, Sharing sharing);

/// \return why not, where a thread cannot listen; the port is in use by whoever it may be.
[[nodiscard]] std::optional<Problem> listen_on_all(std::list<IoThread>& threads,
                                                   const ListeningPlace& place);

}  // namespace couponhook::server
