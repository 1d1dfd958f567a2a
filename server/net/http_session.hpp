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

/// The HTTP session of one connection. It is in its server's list of live sessions from
/// construction to destruction. Not thread-safe.
class HttpSession {
 public:
  /// All references must outlive the session.
  /// \param peer IP address of the other end of the TCP connection.
  HttpSession(HttpServer& server, SessionList& list, ListenerShare& share, Connection& connection,
              ConnectionSlot& presence, const base::IpAddress& peer);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
  ~HttpSession();

  Task<void> run();

  /// Ends an idle connection soon, and a busy one after its reply.
  void drain();
  void abort() { connection_.abort(); }
  [[nodiscard]] HttpSession* next() const { return next_; }

 private:
  struct Parser;  // counts the body bytes against the listener's limit
  enum class Step : unsigned char {
    kGoOn,
    kFault,    ///< `fault_` is set; the client gets an error reply
    kRefused,  ///< `refusal_` is the reply, made without reading the body
    kGone,     ///< the client is gone, or never sent a request; no reply
  };

  Task<Step> arrive();
  Task<void> turn_away(HttpFault fault);
  Task<void> close(bool expects_more);
  Task<void> let_others_go_first();
  Step identify();
  Task<Step> read_head(Parser& parser);
  Task<Step> read_body(Parser& parser);
  Step feed(Parser& parser);
  Step fail(HttpFault fault, std::string_view detail = {});
  Task<Step> fill();
  Task<Reply> make_reply(Step step);
  Task<IoStatus> write_reply(const Reply& reply, bool close, bool without_body);

  HttpServer& server_;
  SessionList& list_;
  ListenerShare& share_;
  Connection& connection_;
  ConnectionSlot& presence_;
  // The sender of the request: the TCP peer, or the client named in its PROXY header.
  base::IpAddress hop_;    // who sends: the peer, or whom its PROXY header names
  bool forwards_ = false;  // the hop is a trusted proxy
  base::IpAddress client_;
  std::string peer_;  // the client in words
  HttpSession* previous_ = nullptr;
  HttpSession* next_ = nullptr;
  bool idle_ = false;       // waits for a request of which no byte has come
  bool lingering_ = false;  // waits for the peer to close
  bool replied_ = false;
  bool evicted_ = false;

  HttpFault fault_ = HttpFault::kMalformed;
  std::string_view fault_detail_;
  Reply refusal_;
  RequestParts request_;
  std::string buffer_;  // unread bytes behind the current request are at [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
};

}  // namespace couponhook::server
