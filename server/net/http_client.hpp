#pragma once

/// \file
/// HTTP/1.1 client for one server, over one connection that stays open between requests.

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

#include "base/detailed_error.hpp"
#include "base/url.hpp"
#include "server/net/address_guard.hpp"
#include "server/net/connection.hpp"
#include "server/net/reply_parser.hpp"
#include "server/net/resolve.hpp"

namespace couponhook::server {

struct ClientRequest {
  ClientRequest(std::string request_method, std::string request_target)
      : method(std::move(request_method)), target(std::move(request_target)) {}

  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// True if the request may be sent a second time after a connection failed; false if the server
  /// must never receive the request twice.
  bool repeatable = true;
};

/// Steps at which an HTTP request can fail. Each message names the step and the cause.
enum class ClientError : std::uint8_t {
  kNameNotFound = 1,        ///< DNS knows no address of the server, or did not answer
  kAddressNotAllowed = 2,   ///< AddressGuard forbids all addresses of the server
  kNotConnected = 3,        ///< no TCP connection to any address of the server
  kCertificateRefused = 4,  ///< the server's TLS certificate cannot be verified
  kTlsFailed = 5,           ///< the TLS handshake failed for another reason
  kNotSent = 6,             ///< the connection broke before the whole request was sent
  kNoReply = 7,             ///< the request was sent, and no byte of a reply came
  kReplyCut = 8,            ///< the connection broke within the reply, or the rest came too late
  kBadReply = 9,            ///< the reply is not HTTP, or larger than a limit
};
[[nodiscard]] std::string_view describe(ClientError error);
using ClientFailure = base::DetailedError<ClientError>;

/// HTTP client for one server. Not thread-safe: one request at a time, on the io_context's thread.
class HttpClient {
 public:
  struct Options {
    /// Time limit for the DNS look-up, the TCP connection and the TLS handshake together.
    std::chrono::milliseconds connect_timeout{5000};
    /// Time limit from sending the first byte of the request to reading the last byte of the reply.
    std::chrono::milliseconds reply_timeout{10000};
    std::size_t reply_bytes_max = 16777216;
    /// Time limit for a whole call of send(): connecting, sending the request and reading the
    /// reply.
    std::chrono::milliseconds total_timeout = std::chrono::hours(1);
    /// If true, a reply is accepted as soon as its status line and headers are read. A body that is
    /// too long, malformed, cut off or late is then no error: the rest of the body stays unread,
    /// and the reply holds the part that arrived.
    bool status_is_enough = false;
    AddressGuard guard{.allow_private = true, .allow_metadata = true};
    /// Progress callback: called while the body of a reply arrives, with the number of bytes
    /// received so far and the number of bytes in total. Not called if the server does not send a
    /// Content-Length.
    std::function<void(std::uint64_t received, std::uint64_t total)> on_body = nullptr;
  };

  /// Makes an HTTP client that is not connected yet.
  /// \param tls TLS settings; null for plain HTTP, never null for an https URL.
  /// \param resolver must be used on the same thread as `io`.
  HttpClient(asio::io_context& io, Deadlines& deadlines, Resolver& resolver, base::Url url,
             TlsContext tls, Options options);
  ~HttpClient();

  /// Sends a request over the open connection, or over a new connection if none is open.
  ///
  /// A repeatable request is sent a second time in one case only: a connection kept open from an
  /// earlier request turned out to be closed, and no byte of a reply had come. A request that is
  /// not repeatable always gets a new connection: if a connection closes, the client cannot know
  /// how much of the request the server had read.
  Task<boost::system::result<ClientReply, ClientFailure>> send(const ClientRequest& request);

  /// Opens the connection now, so that a later send() need not wait for the handshake.
  Task<boost::system::result<void, ClientFailure>> connect() {
    return connect(SteadyClock::now() + options_.total_timeout);
  }

 private:
  using SendResult = boost::system::result<ClientReply, ClientFailure>;
  struct Attempt;

  Task<boost::system::result<void, ClientFailure>> connect(SteadyClock::time_point due);
  Task<boost::system::result<Socket, ClientFailure>> open_socket(SteadyClock::time_point due);
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

/// Runs HTTP client tasks on its own io_context until all are done; for command-line tools.
class ClientLoop {
 public:
  ClientLoop();
  ~ClientLoop();
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Deadlines& deadlines() { return deadlines_; }
  [[nodiscard]] Resolver& resolver() { return resolver_; }
  void spawn(Task<void> task);
  /// Runs until all HTTP tasks are done, and rethrows an exception of a task. May be called again
  /// after more tasks were spawned.
  void run();
  /// Sends a request and runs the event loop until the reply has come. \return the reply, or an
  /// error as from HttpClient::send().
  boost::system::result<ClientReply, ClientFailure> send(HttpClient& client,
                                                         const ClientRequest& request);
  /// Makes all deadlines expire, both those of the running HTTP tasks and those of later tasks, so
  /// that every wait ends soon. Thread-safe.
  void cut_short();

 private:
  Deadlines deadlines_;
  Resolver resolver_;
  asio::io_context io_{1};
  std::size_t tasks_ = 0;
  std::exception_ptr failure_;
};

}  // namespace couponhook::server
