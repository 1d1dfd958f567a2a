#pragma once

/// \file
/// One I/O thread of a network listener, with its own io_context.

#include <functional>
#include <string>
#include <thread>

#include <boost/asio/post.hpp>

#include "server/net/http_server.hpp"

namespace couponhook::server {

/// A thread that accepts and serves the connections of one network listener. The ListenerShare, and
/// all objects that its sessions use, must outlive the thread.
class IoThread {
 public:
  IoThread(ListenerShare& share, std::string name);
  /// Stops the I/O thread by calling stop().
  ~IoThread();

  /// Binds the listening socket. Call this function before start().
  [[nodiscard]] error_code listen(const asio::ip::tcp::endpoint& endpoint) {
    return server_.listen(endpoint);
  }
  /// Takes over a socket that is already listening. Call this function instead of listen(), before
  /// start().
  [[nodiscard]] error_code listen_on(int descriptor) { return server_.listen_on(descriptor); }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return server_.endpoint(); }
  [[nodiscard]] Executor executor() { return io_.get_executor(); }
  /// Starts the I/O thread.
  void start();

  /// Makes the server close each connection after its next reply; see HttpServer::drain(). Callable
  /// from any thread.
  void drain() {
    asio::post(io_, [this] { server_.drain(); });
  }
  /// Makes the server stop accepting connections; see HttpServer::close(). Callable from any
  /// thread.
  void close() {
    asio::post(io_, [this] { server_.close(); });
  }
  /// Ends each HTTP session at its next wait; see HttpServer::abort(). Callable from any thread.
  void abort() {
    asio::post(io_, [this] { server_.abort(); });
  }
  /// Ends the I/O thread at once, even if HTTP sessions are still working.
  void stop();

 private:
  ListenerShare& share_;
  std::string name_;
  // The deadlines and the session list are declared before io_, so that they outlive the sessions
  // that io_ destroys.
  Deadlines deadlines_;
  SessionList sessions_;
  asio::io_context io_{1};
  HttpServer server_;
  std::thread thread_;
};

}  // namespace couponhook::server
