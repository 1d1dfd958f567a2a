#pragma once

/// \file
/// One I/O thread of a listener, with its own io_context.

#include <functional>
#include <string>
#include <thread>

#include <boost/asio/post.hpp>

#include "server/net/http_server.hpp"

namespace couponhook::server {

/// A thread that accepts and serves the connections of one listener. `share`, and all objects that
/// its sessions use, must outlive it.
class IoThread {
 public:
  IoThread(ListenerShare& share, std::string name);
  /// Calls stop().
  ~IoThread();

  /// Binds the listening socket. Call start() after it.
  [[nodiscard]] error_code listen(const asio::ip::tcp::endpoint& endpoint) {
    return server_.listen(endpoint);
  }
  /// Takes over a socket that is already listening, instead of listen().
  [[nodiscard]] error_code listen_on(int descriptor) { return server_.listen_on(descriptor); }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return server_.endpoint(); }
  /// Starts the thread.
  void start();

  /// Stops keeping connections open after their replies; see HttpServer::drain(). Callable from any
  /// thread.
  void drain() {
    asio::post(io_, [this] { server_.drain(); });
  }
  /// Stops accepting connections; see HttpServer::close(). Callable from any thread.
  void close() {
    asio::post(io_, [this] { server_.close(); });
  }
  /// Ends each session at its next wait; see HttpServer::abort(). Callable from any thread.
  void abort() {
    asio::post(io_, [this] { server_.abort(); });
  }
  /// Ends the thread at once, even if sessions still work.
  void stop();

 private:
  ListenerShare& share_;
  std::string name_;
  // Declared before io_, so that both outlive the sessions that io_ destroys.
  Deadlines deadlines_;
  SessionList sessions_;
  asio::io_context io_{1};
  HttpServer server_;
  std::thread thread_;
};

}  // namespace couponhook::server
