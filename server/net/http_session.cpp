#include "server/net/http_session.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "server/net/forwarded.hpp"
#include "server/net/http_server.hpp"
#include "server/net/proxy_reader.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kBufferBytes = 4096;
/// Time that an idle connection stays open after shutdown has begun. kLastCall applies if the
/// connection has already had a reply. kFirstCall applies before the first request of the
/// connection, because that request may be on its way.
constexpr std::chrono::milliseconds kLastCall{100};
constexpr std::chrono::milliseconds kFirstCall{1000};
/// Time limit for sending a 503 reply to a client whose connection exceeds the connection limit.
constexpr std::chrono::milliseconds kRefusalMax{1000};
/// Time that a client has to close the connection after the last reply. kLingerWhileSending applies
/// if the client still sends a body that was refused: such a client may read the reply only after
/// it has sent the whole body.
constexpr std::chrono::milliseconds kLinger{1000};
constexpr std::chrono::milliseconds kLingerWhileSending{5000};

/// Reason phrases of the HTTP status codes that this program sends. Clients look only at the
/// number.
std::string_view reason_phrase(unsigned status) {
  static constexpr std::array<std::pair<unsigned, std::string_view>, 24> kReasons{
      {{200, "OK"},
       {201, "Created"},
       {202, "Accepted"},
       {204, "No Content"},
       {302, "Found"},
       {304, "Not Modified"},
       {400, "Bad Request"},
       {401, "Unauthorized"},
       {403, "Forbidden"},
       {404, "Not Found"},
       {405, "Method Not Allowed"},
       {406, "Not Acceptable"},
       {408, "Request Timeout"},
       {409, "Conflict"},
       {413, "Content Too Large"},
       {414, "URI Too Long"},
       {415, "Unsupported Media Type"},
       {422, "Unprocessable Content"},
       {429, "Too Many Requests"},
       {431, "Request Header Fields Too Large"},
       {500, "Internal Server Error"},
       {502, "Bad Gateway"},
       {503, "Service Unavailable"},
       {505, "HTTP Version Not Supported"}}};
  const auto found =
      std::ranges::find(kReasons, status, &std::pair<unsigned, std::string_view>::first);
  return found == kReasons.end() ? "Status" : found->second;
}

/// Returns the value of the Date header. Each thread makes this text at most once a second.
std::string_view http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 40> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return {text.data(), size};
}

/// A reply 304 has no Content-Length: it would have to be that of the unchanged file.
bool has_length(const Reply& reply) {
  return reply.status != 204 && reply.status != 304;
}

}  // namespace

/// Request parser that counts the bytes of a body against max_body_bytes_in_flight, the listener's
/// limit of all unfinished bodies together. The destructor gives the counted bytes back.
struct HttpSession::Parser : RequestParser {
  Parser(ListenerShare& listener, RequestParts& parts)
      : RequestParser(parts, {listener.limits.max_header_bytes, listener.limits.max_body_bytes}),
        share(listener) {
    parts.clear();
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { share.release_body(reserved); }

  /// Counts body bytes that have arrived. The length in the Content-Length header is not counted:
  /// it uses no memory yet, and a few clients could use up the limit by announcing large bodies.
  /// \return false if the limit max_body_bytes_in_flight would be exceeded.
  [[nodiscard]] bool reserve_body(std::size_t bytes) {
    if (!share.reserve_body(bytes)) return false;
    reserved += bytes;
    return true;
  }

  ListenerShare& share;
  std::size_t reserved = 0;
};

HttpSession::HttpSession(HttpServer& server, SessionList& list, ListenerShare& share,
                         Connection& connection, ConnectionSlot& slot, const base::IpAddress& peer)
    : server_(server),
      list_(list),
      share_(share),
      connection_(connection),
      slot_(slot),
      hop_(peer),
      client_(peer),
      peer_(peer.text()),
      tcp_peer_(peer_),
      next_(list.first) {
  if (next_ != nullptr) next_->previous_ = this;
  list_.first = this;
  slot_.on_eviction([this] {
    evicted_ = true;
    connection_.abort();
  });
}

HttpSession::~HttpSession() {
  slot_.on_eviction(nullptr);
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    list_.first = next_;
  }
}

/// Shortens the waiting time of an idle or closing connection when shutdown begins. A request that
/// was already on its way is still answered.
void HttpSession::drain() {
  if (idle_) connection_.set_deadline(replied_ ? kLastCall : kFirstCall);
  if (lingering_) connection_.set_deadline(kLinger);
}

/// Handles a new connection up to the end of the TLS handshake: reads the PROXY header, applies the
/// connection limits, and does the handshake.
/// \return kContinue if requests can follow, or if a 503 reply must be sent; kGone if the
/// connection
///   must be closed.
Task<HttpSession::Step> HttpSession::arrive() {
  const bool refused = slot_.admission() == Admission::kRefused;
  connection_.set_deadline(refused ? kRefusalMax : share_.limits.handshake_timeout);
  idle_ = true;
  if (server_.closing()) drain();
  const ProxyStatus proxy = co_await read_proxy_header(connection_, share_.trusted, hop_);
  idle_ = false;
  if (hop_ != client_) peer_ = (client_ = hop_).text();
  if (proxy == ProxyStatus::kGone) co_return Step::kGone;
  if (proxy != ProxyStatus::kOk) {
    const bool untrusted = proxy == ProxyStatus::kUntrusted;
    static_cast<void>(share_.handler.fault(
        untrusted ? HttpFault::kProxyUntrusted : HttpFault::kProxyMalformed, peer_, {}));
    co_return Step::kGone;
  }
  forwards_ = share_.trusted.contains(hop_);
  if (!forwards_) slot_.count_for(hop_);
  if (slot_.admission() == Admission::kDropped) co_return Step::kGone;
  if (slot_.admission() == Admission::kRefused) connection_.set_deadline(kRefusalMax);
  if (co_await connection_.accept_tls() != IoStatus::kOk) co_return Step::kGone;
  if (const auto kind = connection_.handshake_kind()) share_.handshakes.count(*kind);
  co_return Step::kContinue;
}

/// Sends an error reply before a whole request has come, because every request would get the same
/// reply. Then closes the connection.
Task<void> HttpSession::reject(HttpFault fault) {
  const Reply reply = share_.handler.fault(fault, peer_, {});
  if (co_await write_reply(reply, true, false) == IoStatus::kOk) co_await close(false);
}

/// Closes the connection in such a way that the client receives the last reply.
/// \param expects_more true if a part of the request has not been read.
Task<void> HttpSession::close(bool expects_more) {
  slot_.wait(Waiting::kSlow);
  lingering_ = true;
  co_await connection_.close(expects_more && !server_.closing() ? kLingerWhileSending : kLinger);
}

/// Lets all other ready work of this thread run before the next request of this connection. A
/// client may send thousands of requests at once. With this function, other clients wait for at
/// most one request of each such client.
Task<void> HttpSession::yield_to_others() {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, use_task);
}

Task<void> HttpSession::run() {
  if (co_await arrive() != Step::kContinue) co_return;
  if (slot_.admission() == Admission::kRefused) {
    co_await reject(HttpFault::kOverloaded);
    co_return;
  }
  connection_.set_deadline(share_.limits.header_timeout);
  bool answered_early = false;
  while (true) {
    Parser parser(share_, request_);
    Step step = co_await read_head(parser);
    if (step == Step::kContinue) step = co_await read_body(parser);
    // A client may lose its connection to a newer client while it still sends a request. Such a
    // client gets 503 before the connection closes.
    if (step == Step::kGone && evicted_ && parser.begun()) step = fail(HttpFault::kOverloaded);
    if (step == Step::kGone) break;
    const Reply reply = co_await make_reply(step);
    answered_early = step == Step::kFault || !parser.is_done();
    const bool closes =
        answered_early || !parser.keep_alive() || server_.draining() || reply.stream != nullptr;
    const bool without_body = request_.method() == "HEAD";
    const IoStatus written = co_await write_reply(reply, closes, without_body);
    if (written == IoStatus::kOk && reply.stream && !without_body) {
      co_await write_stream(*reply.stream);
    }
    if (written != IoStatus::kOk || closes) break;
    replied_ = true;
    connection_.set_deadline(share_.limits.idle_timeout);
    if (begin_ != end_) co_await yield_to_others();
  }
  co_await close(answered_early);
}

Task<HttpSession::Step> HttpSession::read_head(Parser& parser) {
  bool begun = false;
  bool drained = false;
  while (true) {
    if (begin_ != end_ && feed(parser) == Step::kFault) co_return Step::kFault;
    if (parser.is_head_done()) break;
    if (parser.begun() && !std::exchange(begun, true)) {
      connection_.set_deadline(share_.limits.header_timeout);
    }
    idle_ = !begun;
    slot_.wait(begun ? Waiting::kSlow : Waiting::kIdle);
    if (server_.closing() && !std::exchange(drained, true)) drain();
    const Step step = co_await fill();
    idle_ = false;
    if (step == Step::kFault && !begun) co_return Step::kGone;
    if (step != Step::kContinue) co_return step;
  }
  if (forwards_ && identify() != Step::kContinue) co_return Step::kFault;
  if (auto refusal = share_.handler.refuse(request_.method(), request_.target(), peer_)) {
    refusal_ = std::move(*refusal);
    co_return Step::kRefused;
  }
  co_return Step::kContinue;
}

/// Finds the client of a request that came through a trusted proxy, from the request's headers.
/// \return kFault if the client has too many connections.
HttpSession::Step HttpSession::identify() {
  const auto addresses = forwarded_addresses(request_);
  const base::IpAddress client = share_.trusted.client_behind(hop_, addresses);
  if (client != client_) peer_ = (client_ = client).text();
  if (addresses.empty() || slot_.count_for(client)) return Step::kContinue;
  return fail(HttpFault::kOverloaded);
}

Task<HttpSession::Step> HttpSession::read_body(Parser& parser) {
  if (parser.is_done()) co_return Step::kContinue;
  connection_.set_deadline(share_.limits.body_timeout);
  if (!parser.reserve_body(end_ - begin_)) co_return fail(HttpFault::kOverloaded);
  if (feed(parser) == Step::kFault) co_return Step::kFault;
  if (!parser.is_done() && parser.expects_continue()) {
    if (co_await connection_.write_all("HTTP/1.1 100 Continue\r\n\r\n") != IoStatus::kOk) {
      co_return Step::kGone;
    }
  }
  if (!parser.is_done()) slot_.wait(Waiting::kSlow);
  while (!parser.is_done()) {
    if (const Step step = co_await fill(); step != Step::kContinue) co_return step;
    if (!parser.reserve_body(end_ - begin_)) co_return fail(HttpFault::kOverloaded);
    if (feed(parser) == Step::kFault) co_return Step::kFault;
  }
  co_return Step::kContinue;
}

HttpSession::Step HttpSession::fail(HttpFault fault, std::string_view detail) {
  fault_ = fault;
  fault_detail_ = detail;
  return Step::kFault;
}

/// Passes the buffered bytes to the request parser, which takes as many bytes as it needs.
/// \return kFault if the parser found an error.
HttpSession::Step HttpSession::feed(Parser& parser) {
  begin_ += parser.put(std::string_view(buffer_).substr(begin_, end_ - begin_));
  if (begin_ == end_) begin_ = end_ = 0;
  if (parser.fault()) return fail(*parser.fault(), parser.fault_detail());
  return Step::kContinue;
}

/// Reads more bytes from the connection, after the request parser has taken all earlier bytes.
Task<HttpSession::Step> HttpSession::fill() {
  if (buffer_.empty()) buffer_.resize(kBufferBytes);
  const std::span<char> room(buffer_);
  const IoResult read = co_await connection_.read_some(room);
  begin_ = 0;
  end_ = read.bytes;
  if (read.status == IoStatus::kTimeout) co_return fail(HttpFault::kTooSlow);
  if (read.status != IoStatus::kOk) co_return Step::kGone;
  co_return Step::kContinue;
}

Task<Reply> HttpSession::make_reply(Step step) {
  if (step == Step::kFault) co_return share_.handler.fault(fault_, peer_, fault_detail_);
  if (step == Step::kRefused) co_return std::move(refusal_);
  // The request handler has a time limit of its own, so the connection has no deadline while the
  // handler works.
  connection_.never_expire();
  slot_.handle();
  const Request request{request_.method(), request_.target(), request_, request_.body(), peer_,
                        tcp_peer_};
  std::exception_ptr bug;
  try {
    Reply reply = co_await share_.handler.handle(request);
    if (reply.to_signed_sender) slot_.carries_signature();
    co_return reply;
  } catch (...) {
    bug = std::current_exception();
  }
  share_.on_bug(bug);
  co_return share_.handler.fault(HttpFault::kInternal, peer_, {});
}

Task<IoStatus> HttpSession::write_reply(const Reply& reply, bool close, bool without_body) {
  out_.clear();
  out_ += "HTTP/1.1 ";
  out_ += std::to_string(reply.status);
  out_ += ' ';
  out_ += reason_phrase(reply.status);
  out_ += "\r\nDate: ";
  out_ += http_date();
  if (close) {
    out_ += "\r\nConnection: close";
  } else if (request_.is_http_1_0()) {
    out_ += "\r\nConnection: keep-alive";
  }
  add_header_lines(reply);
  out_ += "\r\n\r\n";
  if (!without_body && !reply.stream && has_length(reply)) out_ += reply.body;
  connection_.set_deadline(share_.limits.write_timeout);
  // If the client does not read the reply, its connection may be closed to make room for other
  // connections. The reply to a sender with a valid signature is never cut off.
  if (!reply.to_signed_sender) slot_.wait(Waiting::kSlow);
  co_return co_await connection_.write_all(out_);
}

/// Adds the lines of the reply's header that depend on the reply alone to `out_`.
void HttpSession::add_header_lines(const Reply& reply) {
  if (!reply.allow.empty()) (out_ += "\r\nAllow: ") += reply.allow;
  if (reply.retry_after) {
    (out_ += "\r\nRetry-After: ") += std::to_string(reply.retry_after->count());
  }
  for (const auto& [name, value] : reply.headers) {
    (((out_ += "\r\n") += name) += ": ") += value;
  }
  if (reply.stream) {
    // A client of HTTP 1.0 knows no chunks; for it, the end of the connection is the end of the
    // body.
    if (!request_.is_http_1_0()) out_ += "\r\nTransfer-Encoding: chunked";
    (out_ += "\r\nContent-Type: ") += reply.content_type;
  } else if (has_length(reply)) {
    (out_ += "\r\nContent-Length: ") += std::to_string(reply.body.size());
    if (!reply.body.empty()) (out_ += "\r\nContent-Type: ") += reply.content_type;
  }
}

/// Sends the body of a reply piece by piece, until the stream ends, the client has gone, the
/// connection is evicted, or the server closes.
Task<void> HttpSession::write_stream(ReplyStream& stream) {
  slot_.wait(Waiting::kIdle);
  while (!evicted_ && !server_.closing() && !connection_.peer_has_closed()) {
    connection_.never_expire();
    std::optional<std::string> piece;
    std::exception_ptr bug;
    try {
      piece = co_await stream.next();
    } catch (...) {
      bug = std::current_exception();
    }
    if (bug) share_.on_bug(bug);
    if (!piece) break;
    if (piece->empty()) continue;
    if (!co_await write_piece(*piece)) co_return;
    co_await yield_to_others();
  }
  if (!request_.is_http_1_0()) {
    connection_.set_deadline(share_.limits.write_timeout);
    static_cast<void>(co_await connection_.write_all("0\r\n\r\n"));
  }
}

/// Sends one piece of a streamed body: as a chunk, or as it is to a client of HTTP 1.0.
/// \return false if the piece could not be sent.
Task<bool> HttpSession::write_piece(std::string_view piece) {
  std::array<char, 20> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
  out_.clear();
  if (!request_.is_http_1_0()) out_.append(size.data(), end) += "\r\n";
  out_ += piece;
  if (!request_.is_http_1_0()) out_ += "\r\n";
  connection_.set_deadline(share_.limits.write_timeout);
  co_return co_await connection_.write_all(out_) == IoStatus::kOk;
}

}  // namespace couponhook::server
