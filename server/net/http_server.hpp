#pragma once

/// \file
/// Accepts connections on one thread and serves HTTP/1.1 on them.

#include <memory>

#include "server/net/deadlines.hpp"
#include "server/net/listener_share.hpp"
#include "server/net/listening_socket.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

class HttpSession;

/// List of one thread's live HTTP sessions, linked through the sessions themselves. Some sessions
/// end only when their io_context is destroyed, so the list must outlive the io_context.
struct SessionList {
  HttpSession* first = nullptr;
};

/// One thread's part of a network listener (the object that accepts connections at one port). The
/// threads of a listener share the port: each has a socket of its own with SO_REUSEPORT, or all
/// accept from one socket that systemd has passed. A connection stays on the thread that accepted
/// it.
///
/// Not thread-safe: used on the io_context's thread, except for the constructor and listen().
class HttpServer {
 public:
  /// Makes a server that does not accept connections yet.
  /// \param deadlines must outlive the io_context, as must `sessions`.
  HttpServer(asio::io_context& io, Deadlines& deadlines, SessionList& sessions,
             ListenerShare& share);
  ~HttpServer();

  /// Binds a socket, listens on it and begins to accept connections.
  [[nodiscard]] error_code listen(const asio::ip::tcp::endpoint& endpoint);
  /// Begins to accept connections from a listening socket that systemd passed. The socket of
  /// systemd stays open when this server closes.
  [[nodiscard]] error_code listen_on(int descriptor);
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const;

  /// Closes, from now on, each connection after its next reply. The clients then connect again, to
  /// another replica if a load balancer sends them there.
  void drain() { draining_ = true; }
  /// Stops accepting connections, after it has accepted the clients whose TCP handshake has begun.
  /// Closes idle connections; requests in flight are still answered.
  void close();
  /// Ends every HTTP session at its next wait for the socket.
  void abort();
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  void begin_accepting();
  Task<void> accept_until_closed();
  Task<void> stop_accepting();
  void accept_waiting();
  void run(Task<void> task);
  void begin_session(Socket&& socket, const asio::ip::address& peer);
  Task<void> serve(Socket socket, base::IpAddress peer, std::shared_ptr<ConnectionSlot> slot);

  asio::io_context& io_;
  Deadlines& deadlines_;
  SessionList& sessions_;
  ListenerShare& share_;
  Acceptor acceptor_;
  Timer pause_;
  // True if systemd passed the listening socket. Other processes may use the socket too.
  bool passed_ = false;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace couponhook::server
