#pragma once

/// \file
/// An HTTP/1.1 client for one server over one connection, kept alive between requests.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "server/net/address_guard.hpp"
#include "server/net/connection.hpp"
#include "server/net/reply_parser.hpp"
#include "server/net/resolve.hpp"
#include "base/url.hpp"

namespace couponhook::server {

struct ClientRequest {
  ClientRequest(std::string request_method, std::string request_target)
      : method(std::move(request_method)), target(std::move(request_target)) {}

  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// False: on no account may it reach the server twice.
  bool repeatable = true;
};

/// Not thread-safe: one request at a time, on the io_context's thread.
class HttpClient {
 public:
  struct Options {
    std::chrono::milliseconds connect_timeout{5000};  ///< name, TCP and TLS together
    std::chrono::milliseconds reply_timeout{10000};   ///< from the first byte sent to the last read
    std::size_t reply_bytes_max = 16777216;
    /// Everything together, from the call of send() on.
    std::chrono::milliseconds total_timeout = std::chrono::hours(1);
    /// Whether the reply is what its status line says, once its headers are read, whatever becomes
    /// of its body: one that is too long, malformed, cut off or late is left unread, and the reply
    /// has what came of it.
    bool status_is_enough = false;
    AddressGuard guard{.allow_private = true, .allow_metadata = true};
    /// Called as a reply's body comes in, with its bytes so far and in all; not where the server
    /// does not say how many there will be.
    std::function<void(std::uint64_t received, std::uint64_t total)> on_body = nullptr;
  };

  /// \param tls null for plain HTTP; must be non-null where the URL is https.
  /// \param resolver of the io_context's thread.
  HttpClient(asio::io_context& io, Deadlines& deadlines, Resolver& resolver, base::Url url,
             TlsContext tls, Options options);
  ~HttpClient();

  /// Sends over the open connection, or a new one where there is none or the server has closed it.
  /// \return an error in words: what failed, at which step. Nothing is sent twice but what is
  ///   repeatable, on a kept-alive connection that turned out to be closed before a byte of reply
  ///   came. What is not gets a connection of its own: of a kept-alive one nobody can say whether
  ///   the server read from it before it closed it.
  Task<boost::system::result<ClientReply, std::string>> send(const ClientRequest& request);

  /// Opens the connection now, so that a later send() does not wait for a handshake.
  Task<boost::system::result<void, std::string>> connect() {
    return connect(SteadyClock::now() + options_.total_timeout);
  }

 private:
  using SendResult = boost::system::result<ClientReply, std::string>;
  struct Attempt;

  Task<boost::system::result<void, std::string>> connect(SteadyClock::time_point due);
  Task<boost::system::result<Socket, std::string>> open_socket(SteadyClock::time_point due);
  Task<boost::system::result<Socket, std::string>> open_socket_to(asio::ip::tcp::endpoint endpoint,
                                                                  SteadyClock::time_point due);
  Task<Attempt> try_send(std::string_view bytes, bool head, SteadyClock::time_point due);
  Task<IoStatus> read_reply(ReplyParser& parser, bool& surplus);
  [[nodiscard]] std::string serialize(const ClientRequest& request) const;

  asio::io_context& io_;
  Deadlines& deadlines_;
  Resolver& resolver_;
  base::Url url_;
  TlsContext tls_;
  Options options_;
  std::unique_ptr<Connection> connection_;
};

/// Runs tasks on an io_context of their own until all are done; for commands.
class ClientLoop {
 public:
  ClientLoop();
  ~ClientLoop();
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Deadlines& deadlines() { return deadlines_; }
  [[nodiscard]] Resolver& resolver() { return resolver_; }
  void spawn(Task<void> task);
  /// Rethrows what the tasks threw. May be called again after more was spawned.
  void run();
  /// Sends, and runs until that is answered. As HttpClient::send().
  boost::system::result<ClientReply, std::string> send(HttpClient& client,
                                                       const ClientRequest& request);
  /// Ends what the tasks wait for as their deadlines would, now and from now on. Thread-safe.
  void cut_short();

 private:
  Deadlines deadlines_;
  Resolver resolver_;
  asio::io_context io_{1};
  std::size_t tasks_ = 0;
  std::exception_ptr failure_;
};

}  // namespace couponhook::server
