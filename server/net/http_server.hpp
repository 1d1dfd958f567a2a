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

/// A thread's live sessions, an intrusive list. Sessions leave it when they end, even where that is
/// when their io_context ends: so it outlives the io_context.
struct SessionList {
  HttpSession* first = nullptr;
};

/// One thread's part of a listener. Several of them listen on one port with SO_REUSEPORT, or accept
/// from one socket that a service manager has passed; a connection stays on the thread that
/// accepted it.
///
/// Used on the io_context's thread, except for the constructor and listen().
class HttpServer {
 public:
  /// \param deadlines, sessions must outlive the io_context.
  HttpServer(asio::io_context& io, Deadlines& deadlines, SessionList& sessions,
             ListenerShare& share);
  ~HttpServer();

  /// Binds and listens, and begins to accept.
  [[nodiscard]] error_code listen(const asio::ip::tcp::endpoint& endpoint);
  /// Begins to accept from a socket that listens already, and goes on listening when we end.
  [[nodiscard]] error_code listen_on(int descriptor);
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const;

  /// From now on closes each connection after its next reply, so that clients move elsewhere.
  void drain() { draining_ = true; }
  /// Stops accepting, once those who are connecting have been accepted, and closes idle
  /// connections; requests in flight are finished.
  void close();
  /// Ends every session at its next wait.
  void abort();
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  void begin_accepting();
  Task<void> accept_until_closed();
  Task<void> close_door();
  void accept_who_waits();
  void run(Task<void> task);
  void begin_session(Socket&& socket, const asio::ip::address& peer);
  Task<void> serve(Socket socket, base::IpAddress peer, std::shared_ptr<Presence> presence);

  asio::io_context& io_;
  Deadlines& deadlines_;
  SessionList& sessions_;
  ListenerShare& share_;
  Acceptor acceptor_;
  Timer pause_;
  bool passed_ = false;  // the socket is not ours alone
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace couponhook::server
