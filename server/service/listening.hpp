#pragma once

/// \file
/// Opens the listening sockets of a listener on all its I/O threads.

#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "server/config/config.hpp"
#include "server/net/io_thread.hpp"

namespace couponhook::server {

/// Limits of the public listener, from its configuration.
[[nodiscard]] HttpLimits listener_limits(const ListenerConfig& config);
/// Limits of the admin listener: those of the public listener, but with its own number of
/// connections.
[[nodiscard]] HttpLimits admin_limits(const Config& config);

/// Address of a listener, or a socket that was passed to this process.
struct ListeningPlace {
  std::string address;
  std::uint16_t port;  ///< 0: the kernel chooses a port, the same for all threads
  /// A listening socket from socket activation; address and port are then ignored.
  std::optional<int> passed;
  std::string key;  ///< the listener's table in the configuration, for error messages
};

/// Builds the URL of a listener, as a client writes it.
[[nodiscard]] std::string url_of(bool tls, const asio::ip::tcp::endpoint& endpoint);

/// Conditions under which a port counts as free.
enum class Sharing : unsigned char {
  kNone,            ///< the port must be free
  kWithOurService,  ///< the port may be in use by a couponhook of this user (SO_REUSEPORT)
};
/// Binds a socket to an address for a moment, to check that it is free. The socket does not listen,
/// so no connection can be accepted and lost.
[[nodiscard]] error_code try_to_bind(const asio::ip::tcp::endpoint& endpoint, Sharing sharing);

/// Starts to listen on each thread of a listener, on the same address and port.
/// \return the problem when a thread cannot listen, for example because any other process uses the
///   port.
[[nodiscard]] std::optional<Problem> listen_on_all(std::list<IoThread>& threads,
                                                   const ListeningPlace& place);

}  // namespace couponhook::server
