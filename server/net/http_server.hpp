#pragma once

/// \file
/// Accepts connections on one thread and serves HTTP/1.1 on them.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>

#include "server/net/deadlines.hpp"
#include "server/net/http_message.hpp"
#include "server/net/task.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

struct HttpLimits {
  std::size_t max_connections;
  std::size_t max_connections_per_address;
  std::size_t max_header_bytes;
  std::size_t max_body_bytes;
  std::size_t max_body_bytes_in_flight;
  std::chrono::milliseconds handshake_timeout;
  std::chrono::milliseconds header_timeout;
  std::chrono::milliseconds body_timeout;
  std::chrono::milliseconds write_timeout;
  std::chrono::milliseconds idle_timeout;
};

/// What all threads of one listener share. Thread-safe.
class ListenerShare {
 public:
  ListenerShare(const HttpLimits& http_limits, RequestHandler& request_handler,
                std::function<TlsContext()> tls_source,
                std::function<void(std::exception_ptr)> bug_observer)
      : limits(http_limits),
        handler(request_handler),
        tls(std::move(tls_source)),
        on_bug(std::move(bug_observer)) {}

  const HttpLimits limits;
  RequestHandler& handler;
  const std::function<TlsContext()> tls;  ///< the context for the next session; null: plain TCP
  /// Told of exceptions that a session did not survive.
  const std::function<void(std::exception_ptr)> on_bug;

  /// \return false where one more connection, or one more from this address, is too many.
  [[nodiscard]] bool enter(const std::string& address);
  void leave(const std::string& address);
  [[nodiscard]] std::size_t connections() const { return connections_.load(); }

  /// \return false where the bodies being read would be too many bytes.
  [[nodiscard]] bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes) { body_bytes_ -= bytes; }

 private:
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> body_bytes_{0};
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> by_address_;  // guarded by mutex_
};

class HttpSession;

/// A thread's live sessions, an intrusive list. Sessions leave it when they end, even where that is
/// when their io_context ends: so it outlives the io_context.
struct SessionList {
  HttpSession* first = nullptr;
};

/// One thread's part of a listener. Several of them listen on one port with SO_REUSEPORT, and a
/// connection stays on the thread that accepted it.
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
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const;

  /// Stops accepting, lets requests in flight finish, and closes each connection after its reply.
  void drain();
  /// Ends every session at its next wait.
  void abort();
  [[nodiscard]] bool draining() const { return draining_; }

 private:
  Task<void> accept_for_ever();
  class Presence;
  void begin_session(Socket socket, std::string address);
  Task<void> serve(Socket socket, std::unique_ptr<Presence> presence);

  asio::io_context& io_;
  Deadlines& deadlines_;
  SessionList& sessions_;
  ListenerShare& share_;
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_;
  Timer pause_;
  bool draining_ = false;
};

}  // namespace couponhook::server
