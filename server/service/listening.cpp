#include "server/service/listening.hpp"

#include <algorithm>
#include <thread>

#include <boost/asio/ip/address.hpp>

namespace couponhook::server {
namespace {

std::optional<Problem> listen_on_passed(std::list<IoThread>& threads, int socket,
                                        const std::string& key) {
  for (IoThread& thread : threads) {
    const error_code ec = thread.listen_on(socket);
    if (!ec) continue;
    return Problem{key, "cannot accept from the socket that was passed for it: " + ec.message() +
                            "; restart its socket unit"};
  }
  return std::nullopt;
}

}  // namespace

error_code try_to_bind(const asio::ip::tcp::endpoint& endpoint, PortSharing port_sharing) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io);
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && port_sharing == PortSharing::kWithOurService) acceptor.set_option(ReusePort(true), ec);
  // Bind, but do not listen. If this socket listened, the kernel would accept connections and reset
  // them when the socket closes.
  if (!ec) acceptor.bind(endpoint, ec);
  return ec;
}

HttpLimits listener_limits(const ListenerConfig& config) {
  return {config.max_connections,   config.max_connections_per_address,
          config.max_refusals,      config.max_header_bytes,
          config.max_body_bytes,    config.max_body_bytes_in_flight,
          config.handshake_timeout, config.header_timeout,
          config.body_timeout,      config.write_timeout,
          config.idle_timeout};
}

HttpLimits admin_limits(const Config& config) {
  HttpLimits limits = listener_limits(config.listener);
  limits.max_connections = config.admin.max_connections;
  limits.max_connections_per_address = config.admin.max_connections;
  return limits;
}

std::vector<std::string> io_thread_names(const ListenerConfig& config) {
  std::size_t count = config.threads;
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("io-" + std::to_string(i));
  return names;
}

std::optional<Problem> listen_on_all(std::list<IoThread>& threads, const ListeningPlace& place) {
  if (place.passed) return listen_on_passed(threads, *place.passed, place.key);
  asio::ip::tcp::endpoint endpoint(asio::ip::make_address(place.address), place.port);
  // Check first that no other process uses the port. Without this check, SO_REUSEPORT would let a
  // second service start on the same port without an error and take half of the notifications.
  error_code ec = try_to_bind(endpoint, PortSharing::kNone);
  for (IoThread& thread : threads) {
    if (!ec) ec = thread.listen(endpoint);
    // If the kernel chose the port (configured port 0), the other I/O threads of the listener must
    // use the same port.
    if (!ec) endpoint = thread.endpoint();
  }
  if (!ec) return std::nullopt;
  return Problem{place.key + "." + place.prefix + "port",
                 "cannot listen on " + place.address + " port " + std::to_string(place.port) +
                     ": " + ec.message() +
                     "; choose another address or port, or stop what uses it"};
}

}  // namespace couponhook::server
