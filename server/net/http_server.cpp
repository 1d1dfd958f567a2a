#include "server/net/http_server.hpp"

#include <boost/asio/co_spawn.hpp>

#include "server/net/http_session.hpp"

namespace couponhook::server {
namespace {

/// Pause after the server could not accept a connection, for example because the process has no
/// file descriptor left. Meanwhile new clients wait in the kernel's queue (backlog).
constexpr std::chrono::milliseconds kAcceptPause{100};
/// Time that clients get to finish a TCP handshake that began before the server stopped accepting
/// new connections: one round trip.
constexpr std::chrono::milliseconds kAcceptGrace{100};

/// Size of the kernel's send and receive buffers of one connection, in bytes. By default the kernel
/// gives megabytes to a client that does not read its replies, or that writes faster than the
/// server reads.
constexpr int kSocketBufferBytes = 131072;

void bound_buffers(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::send_buffer_size(kSocketBufferBytes), ignored);
  socket.set_option(asio::socket_base::receive_buffer_size(kSocketBufferBytes), ignored);
}

base::IpAddress to_ip_address(const asio::ip::address& address) {
  if (address.is_v4()) return base::IpAddress(address.to_v4().to_bytes());
  return base::IpAddress(address.to_v6().to_bytes());
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, Deadlines& deadlines, SessionList& sessions,
                       ListenerShare& share)
    : io_(io),
      deadlines_(deadlines),
      sessions_(sessions),
      share_(share),
      acceptor_(io.get_executor()),
      pause_(io.get_executor()) {}

HttpServer::~HttpServer() = default;

error_code HttpServer::listen(const asio::ip::tcp::endpoint& endpoint) {
  const error_code ec = open_listening(acceptor_, endpoint);
  if (!ec) begin_accepting();
  return ec;
}

error_code HttpServer::listen_on(int descriptor) {
  const error_code ec = share_listening(acceptor_, descriptor);
  passed_ = true;
  if (!ec) begin_accepting();
  return ec;
}

void HttpServer::begin_accepting() {
  share_.start_accepting();
  run(accept_until_closed());
}

void HttpServer::run(Task<void> task) {
  asio::co_spawn(io_, std::move(task), [this](std::exception_ptr failure) {
    if (failure) share_.on_bug(failure);
  });
}

asio::ip::tcp::endpoint HttpServer::endpoint() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

Task<void> HttpServer::accept_until_closed() {
  while (acceptor_.is_open()) {
    Socket socket(io_.get_executor());
    asio::ip::tcp::endpoint peer;
    const auto [ec] = co_await acceptor_.async_accept(socket, peer, use_task);
    // A connection that was accepted before the listening socket closed is served, even if Asio
    // reports the connection afterwards.
    if (ec && !acceptor_.is_open()) break;
    if (ec) {
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(use_task);
      continue;
    }
    begin_session(std::move(socket), peer.address());
  }
  share_.stop_accepting();
}

void HttpServer::begin_session(Socket&& socket, const asio::ip::address& peer) try {
  const base::IpAddress client = to_ip_address(peer);
  // The client behind a trusted proxy is known only after the PROXY header is read. So a connection
  // from such a proxy is counted only then.
  std::optional<base::IpAddress> counted;
  if (!share_.trusted.contains(client)) counted = client;
  auto slot = ConnectionSlot::enter(share_, io_.get_executor(), counted);
  if (slot->admission() == Admission::kDropped) return;
  bound_buffers(socket);
  run(serve(std::move(socket), client, std::move(slot)));
} catch (...) {
  // If there is not enough memory for one HTTP session, the server must still accept all later
  // clients.
  share_.on_bug(std::current_exception());
}

Task<void> HttpServer::serve(Socket socket, base::IpAddress peer,
                             std::shared_ptr<ConnectionSlot> slot) {
  Connection connection(std::move(socket), share_.tls ? share_.tls() : nullptr, deadlines_);
  HttpSession session(*this, sessions_, share_, connection, *slot, peer);
  co_await session.run();
}

void HttpServer::close() {
  draining_ = true;
  closing_ = true;
  run(stop_accepting());
  for (HttpSession* session = sessions_.first; session != nullptr; session = session->next()) {
    session->drain();
  }
}

Task<void> HttpServer::stop_accepting() {
  // Clients that wait at a listening socket of systemd are served by the process that gets the
  // socket next.
  if (!passed_) {
    reject_new_connections(acceptor_);
    Timer door(io_.get_executor(), kAcceptGrace);
    co_await door.async_wait(use_task);
    accept_waiting();
  }
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

/// Accepts all clients whose connections the kernel has completed, even on a busy machine: closing
/// the listening socket would reset these connections.
void HttpServer::accept_waiting() {
  error_code ec;
  acceptor_.non_blocking(true, ec);
  // Without the option enable_connection_aborted, Asio skips a connection that the client has
  // aborted and then blocks this thread until the next client connects.
  if (!ec) acceptor_.set_option(asio::socket_base::enable_connection_aborted(true), ec);
  while (!ec || ec == asio::error::connection_aborted) {
    Socket socket(io_.get_executor());
    asio::ip::tcp::endpoint peer;
    acceptor_.accept(socket, peer, ec);
    if (!ec) begin_session(std::move(socket), peer.address());
  }
}

void HttpServer::abort() {
  for (HttpSession* session = sessions_.first; session != nullptr; session = session->next()) {
    session->abort();
  }
}

}  // namespace couponhook::server
