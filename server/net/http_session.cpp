#include "server/net/http_session.hpp"

#include <chrono>
#include <ctime>

#include <boost/beast/http/status.hpp>

#include "server/net/http_server.hpp"
#include "server/net/proxy_reader.hpp"

namespace couponhook::server {
namespace {

namespace http = boost::beast::http;

/// A request with its body is about this large; larger ones make the buffer grow to the header
/// limit.
constexpr std::size_t kBufferBytes = 4096;
/// How long an idle connection stays open once the server is closing, and how long one on which
/// nothing was asked yet: its first request may be on the way.
constexpr std::chrono::milliseconds kLastCall{100};
constexpr std::chrono::milliseconds kFirstCall{1000};
/// How long a connection that is one too many may take to hear so.
constexpr std::chrono::milliseconds kRefusalMax{1000};

/// With any other coding than chunked alone the body's end, or what it is, would be a guess, and a
/// proxy in front might guess otherwise (RFC 9112, section 6.3).
bool has_other_transfer_coding(const RequestParts& request) {
  const auto codings = request.find_all("Transfer-Encoding");
  return !codings.empty() &&
         (codings.size() != 1 || !boost::beast::iequals(codings.front(), "chunked"));
}

/// The Date header's value, made once a second on each thread.
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

}  // namespace

/// Gives its part of the listener's body bytes back when the request is over.
struct HttpSession::Parser {
  Parser(ListenerShare& listener, RequestParts& parts) : share(listener), beast(parts) {
    parts.clear();
    beast.header_limit(static_cast<std::uint32_t>(share.limits.max_header_bytes));
    beast.body_limit(share.limits.max_body_bytes);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { share.release_body(reserved); }

  /// Counts bytes that have come. What is only announced is address space, and counting it would
  /// let a few senders announce everybody else away.
  [[nodiscard]] bool reserve_body(std::size_t bytes) {
    if (!share.reserve_body(bytes)) return false;
    reserved += bytes;
    return true;
  }

  ListenerShare& share;
  std::size_t reserved = 0;
  RequestParser beast;
};

HttpSession::HttpSession(HttpServer& server, SessionList& list, ListenerShare& share,
                         Connection& connection, Presence& presence, const IpAddress& peer)
    : server_(server),
      list_(list),
      share_(share),
      connection_(connection),
      presence_(presence),
      hop_(peer),
      client_(peer),
      peer_(peer.text()),
      next_(list.first) {
  if (next_ != nullptr) next_->previous_ = this;
  list_.first = this;
}

HttpSession::~HttpSession() {
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    list_.first = next_;
  }
}

/// What a client has sent before it could know that we are leaving still gets its reply.
void HttpSession::drain() {
  if (idle_) connection_.set_deadline(replied_ ? kLastCall : kFirstCall);
}

/// From the first byte to where HTTP begins.
Task<HttpSession::Step> HttpSession::arrive() {
  const bool refused = presence_.admission() == Admission::kRefused;
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
        untrusted ? HttpFault::kProxyUntrusted : HttpFault::kProxyMalformed, peer_));
    co_return Step::kGone;
  }
  forwards_ = share_.trusted.contains(hop_);
  if (!forwards_) presence_.count_for(hop_);
  if (presence_.admission() == Admission::kDropped) co_return Step::kGone;
  if (co_await connection_.accept_tls() != IoStatus::kOk) co_return Step::kGone;
  co_return Step::kGoOn;
}

/// Answers before anything was asked, because it would be answered so whatever it is.
Task<void> HttpSession::turn_away(HttpFault fault) {
  const Reply reply = share_.handler.fault(fault, peer_);
  if (co_await write_reply(reply, true, false) == IoStatus::kOk) co_await connection_.close();
}

Task<void> HttpSession::run() {
  if (co_await arrive() != Step::kGoOn) co_return;
  if (presence_.admission() == Admission::kRefused) {
    co_await turn_away(HttpFault::kOverloaded);
    co_return;
  }
  connection_.set_deadline(share_.limits.header_timeout);
  while (true) {
    Parser parser(share_, request_);
    Step step = co_await read_head(parser);
    if (step == Step::kGoOn) step = co_await read_body(parser);
    if (step == Step::kGone) break;
    const Reply reply = co_await make_reply(step);
    const bool answered_early = step == Step::kFault || !parser.beast.is_done();
    const bool close = answered_early || !parser.beast.keep_alive() || server_.draining();
    const bool without_body = request_.method() == "HEAD";
    if (co_await write_reply(reply, close, without_body) != IoStatus::kOk || close) break;
    replied_ = true;
    connection_.set_deadline(share_.limits.idle_timeout);
  }
  co_await connection_.close();
}

Task<HttpSession::Step> HttpSession::read_head(Parser& parser) {
  bool begun = false;
  bool drained = false;
  while (true) {
    if (!begun) pass_over_empty_lines();
    if (begin_ != end_) {
      if (!begun) connection_.set_deadline(share_.limits.header_timeout);
      begun = true;
      if (feed(parser) == Step::kFault) co_return Step::kFault;
      if (parser.beast.is_header_done()) break;
    }
    idle_ = !begun;
    if (server_.closing() && !std::exchange(drained, true)) drain();
    const Step step = co_await fill();
    idle_ = false;
    if (step == Step::kFault && !begun) co_return Step::kGone;
    if (step != Step::kGoOn) co_return step;
  }
  if (forwards_ && identify() != Step::kGoOn) co_return Step::kFault;
  if (has_other_transfer_coding(request_)) {
    fault_ = HttpFault::kMalformed;
    co_return Step::kFault;
  }
  if (auto refusal = share_.handler.refuse(request_.method(), request_.target())) {
    refusal_ = std::move(*refusal);
    co_return Step::kRefused;
  }
  co_return Step::kGoOn;
}

/// Some clients end a body with a line end that they do not count (RFC 9112, section 2.2).
void HttpSession::pass_over_empty_lines() {
  while (begin_ != end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n')) ++begin_;
  if (begin_ == end_) begin_ = end_ = 0;
}

/// Learns whose request this is from a trusted proxy.
HttpSession::Step HttpSession::identify() {
  const auto lines = request_.find_all("X-Forwarded-For");
  const IpAddress client = share_.trusted.client_behind(hop_, lines);
  if (client != client_) peer_ = (client_ = client).text();
  if (lines.empty() || presence_.count_for(client)) return Step::kGoOn;
  fault_ = HttpFault::kOverloaded;
  return Step::kFault;
}

Task<HttpSession::Step> HttpSession::read_body(Parser& parser) {
  if (parser.beast.is_done()) co_return Step::kGoOn;
  connection_.set_deadline(share_.limits.body_timeout);
  parser.beast.eager(true);
  if (!parser.reserve_body(end_ - begin_)) {
    fault_ = HttpFault::kOverloaded;
    co_return Step::kFault;
  }
  if (begin_ != end_ && feed(parser) == Step::kFault) co_return Step::kFault;
  if (!parser.beast.is_done() && boost::beast::iequals(request_.find("Expect"), "100-continue")) {
    if (co_await connection_.write_all("HTTP/1.1 100 Continue\r\n\r\n") != IoStatus::kOk) {
      co_return Step::kGone;
    }
  }
  while (!parser.beast.is_done()) {
    const std::size_t unparsed = end_ - begin_;
    if (const Step step = co_await fill(); step != Step::kGoOn) co_return step;
    if (!parser.reserve_body(end_ - begin_ - unparsed)) {
      fault_ = HttpFault::kOverloaded;
      co_return Step::kFault;
    }
    if (feed(parser) == Step::kFault) co_return Step::kFault;
  }
  co_return Step::kGoOn;
}

/// Gives the buffered bytes to the parser.
HttpSession::Step HttpSession::feed(Parser& parser) {
  while (begin_ != end_) {
    error_code ec;
    const std::size_t used =
        parser.beast.put(asio::const_buffer(buffer_.data() + begin_, end_ - begin_), ec);
    begin_ += used;
    if (ec == http::error::need_more) break;
    if (ec) {
      fault_ = HttpFault::kMalformed;
      if (ec == http::error::header_limit) fault_ = HttpFault::kHeadersTooLarge;
      if (ec == http::error::body_limit) fault_ = HttpFault::kBodyTooLarge;
      return Step::kFault;
    }
    const bool head_only = !parser.beast.eager();
    if (parser.beast.is_done() || (head_only && parser.beast.is_header_done())) break;
    if (used == 0) break;
  }
  if (begin_ == end_) begin_ = end_ = 0;
  return Step::kGoOn;
}

/// Reads more bytes behind those not parsed yet.
Task<HttpSession::Step> HttpSession::fill() {
  if (begin_ != 0) {
    buffer_.erase(0, begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < kBufferBytes) buffer_.resize(kBufferBytes);
  if (end_ == buffer_.size()) {
    const std::size_t most = share_.limits.max_header_bytes + kBufferBytes;
    if (buffer_.size() >= most) {
      fault_ = HttpFault::kHeadersTooLarge;
      co_return Step::kFault;
    }
    buffer_.resize(std::min(buffer_.size() * 2, most));
  }
  const std::span<char> room(buffer_.data() + end_, buffer_.size() - end_);
  const IoResult read = co_await connection_.read_some(room);
  end_ += read.bytes;
  if (read.status == IoStatus::kTimeout) {
    fault_ = HttpFault::kTooSlow;
    co_return Step::kFault;
  }
  if (read.status != IoStatus::kOk) co_return Step::kGone;
  co_return Step::kGoOn;
}

Task<Reply> HttpSession::make_reply(Step step) {
  if (step == Step::kFault) co_return share_.handler.fault(fault_, peer_);
  if (step == Step::kRefused) co_return std::move(refusal_);
  // The reply has a budget of its own; what is awaited meanwhile is not this connection.
  connection_.never_expire();
  const Request request{request_.method(), request_.target(), request_, request_.body(), peer_};
  std::exception_ptr bug;
  try {
    co_return co_await share_.handler.handle(request);
  } catch (...) {
    bug = std::current_exception();
  }
  share_.on_bug(bug);
  co_return share_.handler.fault(HttpFault::kInternal, peer_);
}

Task<IoStatus> HttpSession::write_reply(const Reply& reply, bool close, bool without_body) {
  out_.clear();
  out_ += "HTTP/1.1 ";
  out_ += std::to_string(reply.status);
  out_ += ' ';
  out_ += view(http::obsolete_reason(static_cast<http::status>(reply.status)));
  out_ += "\r\nDate: ";
  out_ += http_date();
  if (close) {
    out_ += "\r\nConnection: close";
  } else if (request_.is_http_1_0()) {
    out_ += "\r\nConnection: keep-alive";
  }
  if (!reply.allow.empty()) (out_ += "\r\nAllow: ") += reply.allow;
  if (reply.retry_after) {
    (out_ += "\r\nRetry-After: ") += std::to_string(reply.retry_after->count());
  }
  for (const auto& [name, value] : reply.headers) {
    (((out_ += "\r\n") += name) += ": ") += value;
  }
  if (reply.status != 204) {
    (out_ += "\r\nContent-Length: ") += std::to_string(reply.body.size());
    if (!reply.body.empty()) (out_ += "\r\nContent-Type: ") += reply.content_type;
  }
  out_ += "\r\n\r\n";
  if (!without_body && reply.status != 204) out_ += reply.body;
  connection_.set_deadline(share_.limits.write_timeout);
  co_return co_await connection_.write_all(out_);
}

}  // namespace couponhook::server
