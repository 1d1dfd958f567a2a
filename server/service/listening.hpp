#pragma once

/// \file
/// Opens the listening sockets of a listener, one socket for each of its I/O threads.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/net/io_thread.hpp"

namespace couponhook::server {

/// Returns the HTTP limits (connections, sizes, timeouts) of the public listener, from its
/// configuration.
[[nodiscard]] HttpLimits listener_limits(const ListenerConfig& config);
/// Returns the HTTP limits of the admin listener: those of the public listener, but with its own
/// maximum number of connections.
[[nodiscard]] HttpLimits admin_limits(const Config& config);

/// Returns the names of the public listener's I/O threads: as many as are configured, or one for
/// each CPU.
[[nodiscard]] std::vector<std::string> io_thread_names(const ListenerConfig& config);

/// Address and port on which a listener accepts connections, or an open socket that the service
/// manager passed to this process.
struct ListeningPlace {
  std::string address;
  /// TCP port. If the port is 0, the kernel chooses a port, and all I/O threads of the listener use
  /// that port.
  std::uint16_t port;
  /// File descriptor of a listening socket from systemd's socket activation. If it is present,
  /// address and port are ignored.
  std::optional<int> passed;
  /// Name of the listener's table in the configuration file, for error messages.
  std::string key;
  /// Beginning of the names of the keys `address` and `port` in that table, for error messages.
  std::string prefix{};
};

/// Conditions under which a check of a TCP port says that the port is free.
enum class PortSharing : unsigned char {
  /// The port is free if no other process uses it.
  kNone,
  /// The port is also free if a couponhook process of the same user uses it, because SO_REUSEPORT
  /// lets both processes listen.
  kWithOurService,
};
/// Binds a socket to an address for a moment, to check that the address is free. The socket does
/// not listen, so no connection can be accepted and lost.
/// \return the error of the attempt; no error if the address is free.
[[nodiscard]] error_code try_to_bind(const asio::ip::tcp::endpoint& endpoint,
                                     PortSharing port_sharing);

/// Starts to listen on each I/O thread of a listener, on all threads with the same address and
/// port.
/// \return nothing after success; the problem when a thread cannot listen, for example because
///   another process uses the port.
[[nodiscard]] std::optional<Problem> listen_on_all(std::list<IoThread>& threads,
                                                   const ListeningPlace& place);

}  // namespace couponhook::server
