#pragma once

/// \file
/// Serves HTTP/1.1 requests on one connection until the client or the server closes it.

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/ip_address.hpp"
#include "server/net/connection.hpp"
#include "server/net/http_message.hpp"
#include "server/net/request_parser.hpp"

namespace couponhook::server {

class HttpServer;
class ListenerShare;
class ConnectionSlot;
struct SessionList;

/// The HTTP session of one connection. From construction to destruction, the session is in its
/// server's list of live sessions. Not thread-safe.
class HttpSession {
 public:
  /// Makes the session of an accepted connection. All arguments passed by reference must outlive
  /// the session.
  /// \param peer IP address of the other end of the TCP connection.
  HttpSession(HttpServer& server, SessionList& list, ListenerShare& share, Connection& connection,
              ConnectionSlot& slot, const base::IpAddress& peer);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
  ~HttpSession();

  Task<void> run();

  /// Prepares for shutdown: ends an idle connection soon, and a busy connection after its reply.
  void drain();
  void abort() { connection_.abort(); }
  [[nodiscard]] HttpSession* next() const { return next_; }

 private:
  // Request parser that counts body bytes against the limit of the network listener.
  struct Parser;
  enum class Step : unsigned char {
    kContinue,
    kFault,    ///< `fault_` holds an error, and the client gets an error reply
    kRefused,  ///< `refusal_` holds the reply to the client, made without reading the body
    kGone,     ///< the client closed the connection or never sent a request, so no reply is sent
  };

  Task<Step> arrive();
  Task<void> reject(HttpFault fault);
  Task<void> close(bool expects_more);
  Task<void> yield_to_others();
  Step identify();
  Task<Step> read_head(Parser& parser);
  Task<Step> read_body(Parser& parser);
  Step feed(Parser& parser);
  Step fail(HttpFault fault, std::string_view detail = {});
  Task<Step> fill();
  Task<Reply> make_reply(Step step);
  Task<IoStatus> write_reply(const Reply& reply, bool close, bool without_body);
  void add_header_lines(const Reply& reply);
  Task<void> write_stream(ReplyStream& stream);
  Task<bool> write_piece(std::string_view piece);

  HttpServer& server_;
  SessionList& list_;
  ListenerShare& share_;
  Connection& connection_;
  ConnectionSlot& slot_;
  // IP address of the sender of the request: the TCP peer, or the client named in the PROXY header.
  base::IpAddress hop_;
  // True if the sender of the request (`hop_`) is a trusted proxy.
  bool forwards_ = false;
  base::IpAddress client_;
  // IP address of the client, as text.
  std::string peer_;
  // IP address of the other end of the TCP connection, as text.
  const std::string tcp_peer_;
  HttpSession* previous_ = nullptr;
  HttpSession* next_ = nullptr;
  // True while the session waits for the first byte of a request.
  bool idle_ = false;
  // True while the session, at its end, waits for the peer to close the connection.
  bool lingering_ = false;
  bool replied_ = false;
  bool evicted_ = false;

  HttpFault fault_ = HttpFault::kMalformed;
  std::string_view fault_detail_;
  Reply refusal_;
  RequestParts request_;
  // Bytes read from the connection. The parser has not seen the bytes in [begin_, end_) yet; they
  // come after the part that it has parsed.
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
};

}  // namespace couponhook::server
