#pragma once

/// \file
/// A thread with an io_context and a listener of its own.

#include <functional>
#include <string>
#include <thread>

#include <boost/asio/post.hpp>

#include "server/net/http_server.hpp"

namespace couponhook::server {

/// What its sessions refer to must outlive it.
class IoThread {
 public:
  IoThread(ListenerShare& share, std::string name);
  /// As stop().
  ~IoThread();

  /// Binds the listener; then start() may be called.
  [[nodiscard]] error_code listen(const asio::ip::tcp::endpoint& endpoint) {
    return server_.listen(endpoint);
  }
  /// The same with a socket that listens already.
  [[nodiscard]] error_code listen_on(int descriptor) { return server_.listen_on(descriptor); }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return server_.endpoint(); }
  void start();

  void drain() {
    asio::post(io_, [this] { server_.drain(); });
  }
  void close() {
    asio::post(io_, [this] { server_.close(); });
  }
  void abort() {
    asio::post(io_, [this] { server_.abort(); });
  }
  /// Ends the thread, whatever its sessions are doing.
  void stop();

 private:
  ListenerShare& share_;
  std::string name_;
  // Before the io_context, which ends the sessions that are left when it ends.
  Deadlines deadlines_;
  SessionList sessions_;
  asio::io_context io_{1};
  HttpServer server_;
  std::thread thread_;
};

}  // namespace couponhook::server
