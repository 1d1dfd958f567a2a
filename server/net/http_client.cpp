#include "server/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace couponhook::server {
namespace {

/// Closes a socket whose TCP connection is not established before its deadline.
class ConnectDeadline final : public Deadlines::Entry {
 public:
  ConnectDeadline(Deadlines& list, Socket& socket, SteadyClock::time_point at)
      : Entry(list), socket_(socket) {
    expire_at(at);
  }
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  void expired() override {
    passed_ = true;
    error_code ignored;
    socket_.close(ignored);
  }

  Socket& socket_;
  bool passed_ = false;
};

/// Returns the timeout, shortened if necessary so that it ends no later than the time `due`.
std::chrono::milliseconds within(std::chrono::milliseconds timeout, SteadyClock::time_point due) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - SteadyClock::now());
  return std::clamp(left, std::chrono::milliseconds(0), timeout);
}

std::string_view in_words(IoStatus status) {
  switch (status) {
    case IoStatus::kTimeout:
      return "took too long";
    case IoStatus::kClosed:
      return "was closed by the server";
    case IoStatus::kOk:
    case IoStatus::kFailed:
      break;
  }
  return "failed";
}

ClientError failed_step(const ReplyParser& parser, IoStatus written) {
  if (parser.has_begun()) return ClientError::kReplyCut;
  return written == IoStatus::kOk ? ClientError::kNoReply : ClientError::kNotSent;
}

ClientFailure tls_failure(std::string where, IoStatus status, const Connection& connection) {
  const auto fault = connection.certificate_fault();
  if (fault && status == IoStatus::kFailed) {
    return {ClientError::kCertificateRefused, std::move(where), *fault};
  }
  return {ClientError::kTlsFailed, std::move(where), std::string(in_words(status)),
          connection.last_error()};
}

}  // namespace

std::string_view describe(ClientError error) {
  switch (error) {
    case ClientError::kNameNotFound:
      return "cannot find {}: {}";
    case ClientError::kAddressNotAllowed:
      return "must not connect to {}: its address is one that is not allowed "
             "(allow_private_addresses, allow_metadata_addresses)";
    case ClientError::kNotConnected:
      return "cannot connect to {}: {}";
    case ClientError::kCertificateRefused:
      return "TLS with {} failed: certificate: {}";
    case ClientError::kTlsFailed:
      return "TLS with {} {}: {}";
    case ClientError::kNotSent:
      return "the request was not sent: it {} ({})";
    case ClientError::kNoReply:
      return "no reply: it {} ({})";
    case ClientError::kReplyCut:
      return "the reply broke off: it {} ({})";
    case ClientError::kBadReply:
      return "{}";
  }
  return "unknown error";
}

/// Result of sending one HTTP request once, over one connection.
struct HttpClient::Attempt {
  std::optional<ClientReply> reply;
  ClientFailure error;
  // True if the connection closed before the first byte of a reply came.
  bool nothing_came = false;
};

HttpClient::HttpClient(asio::io_context& io, Deadlines& deadlines, Resolver& resolver,
                       base::Url url, TlsContext tls, Options options)
    : io_(io),
      deadlines_(deadlines),
      resolver_(resolver),
      url_(std::move(url)),
      tls_(url_.tls ? std::move(tls) : nullptr),
      options_(std::move(options)) {}

HttpClient::~HttpClient() = default;

Task<boost::system::result<Socket, ClientFailure>> HttpClient::open_socket(
    SteadyClock::time_point due) {
  using Result = boost::system::result<Socket, ClientFailure>;
  const std::string where = url_.host + " port " + url_.port;
  auto found = co_await resolver_.resolve(url_.host, url_.port, due);
  if (!found) {
    co_return ClientFailure(ClientError::kNameNotFound, where, found.error());
  }
  std::erase_if(
      *found, [this](const auto& endpoint) { return !options_.guard.allows(endpoint.address()); });
  if (found->empty()) co_return ClientFailure(ClientError::kAddressNotAllowed, where);
  std::string failure;
  for (std::size_t i = 0; i < found->size(); ++i) {
    // Each IP address of the server gets an equal share of the remaining time, so that an address
    // that does not answer leaves time for the other addresses.
    const auto left = due - SteadyClock::now();
    const auto share = left / static_cast<int>(found->size() - i);
    const asio::ip::tcp::endpoint endpoint = (*found)[i];
    const SteadyClock::time_point connected_by = SteadyClock::now() + share;
    auto socket = co_await open_socket_to(endpoint, connected_by);
    if (socket) co_return Result(boost::system::in_place_value, std::move(*socket));
    failure = socket.error();
  }
  co_return ClientFailure(ClientError::kNotConnected, where, failure);
}

Task<boost::system::result<Socket, std::string>> HttpClient::open_socket_to(
    asio::ip::tcp::endpoint endpoint, SteadyClock::time_point due) {
  using Result = boost::system::result<Socket, std::string>;
  Socket socket(io_.get_executor());
  const ConnectDeadline deadline(deadlines_, socket, due);
  const auto [ec] = co_await socket.async_connect(endpoint, use_task);
  if (ec) {
    co_return Result(boost::system::in_place_error,
                     deadline.passed() ? "took too long" : ec.message());
  }
  co_return Result(boost::system::in_place_value, std::move(socket));
}

Task<boost::system::result<void, ClientFailure>> HttpClient::connect(SteadyClock::time_point due) {
  using Result = boost::system::result<void, ClientFailure>;
  if (connection_) co_return Result();
  const auto connected_by = SteadyClock::now() + within(options_.connect_timeout, due);
  auto socket = co_await open_socket(connected_by);
  if (!socket) co_return socket.error();
  auto connection = std::make_unique<Connection>(std::move(*socket), tls_, deadlines_);
  connection->set_deadline(within(options_.connect_timeout, connected_by));
  const IoStatus status = co_await connection->connect_tls(url_.host);
  if (status != IoStatus::kOk) {
    co_return tls_failure(url_.host + " port " + url_.port, status, *connection);
  }
  connection->never_expire();
  connection_ = std::move(connection);
  co_return Result();
}

std::string HttpClient::serialize(const ClientRequest& request) const {
  std::string bytes = request.method + " " + request.target +
                      " HTTP/1.1\r\nHost: " + url_.authority() + "\r\nUser-Agent: couponhook\r\n";
  for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "POST") {
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  bytes += "\r\n";
  bytes += request.body;
  return bytes;
}

Task<HttpClient::SendResult> HttpClient::send(const ClientRequest& request) {
  const std::string bytes = serialize(request);
  const auto due = SteadyClock::now() + options_.total_timeout;
  if (!request.repeatable) connection_.reset();
  while (true) {
    const bool reused = connection_ != nullptr;
    const auto connected = co_await connect(due);
    if (!connected) co_return connected.error();
    Attempt attempt = co_await try_send(bytes, request.method == "HEAD", due);
    if (attempt.reply) {
      co_return SendResult(boost::system::in_place_value, std::move(*attempt.reply));
    }
    connection_.reset();
    if (!reused || !attempt.nothing_came) {
      co_return std::move(attempt.error);
    }
  }
}

Task<HttpClient::Attempt> HttpClient::try_send(std::string_view bytes, bool head,
                                               SteadyClock::time_point due) {
  Attempt attempt;
  connection_->set_deadline(within(options_.reply_timeout, due));
  const IoStatus written = co_await connection_->write_all(bytes);
  // Even if the request could not be written completely, there may be a reply: a server may reply
  // and close before it has read the whole request.
  ReplyParser parser(head, options_.reply_bytes_max);
  bool surplus = false;
  const IoStatus read = co_await read_reply(parser, surplus);
  if (!parser.is_done() && !(options_.status_is_enough && parser.head_is_read())) {
    attempt.nothing_came = read != IoStatus::kTimeout && !parser.has_begun();
    if (parser.problem().empty()) {
      attempt.error = {failed_step(parser, written), std::string(in_words(read)),
                       connection_->last_error()};
    } else {
      attempt.error = {ClientError::kBadReply, parser.problem()};
    }
    co_return attempt;
  }
  attempt.reply = std::move(parser.reply());
  connection_->never_expire();
  // Surplus bytes behind a reply would be read as the reply to the next request. So the connection
  // is closed and not used again.
  const bool reusable = parser.is_reusable() && written == IoStatus::kOk && !surplus;
  if (!reusable) connection_.reset();
  co_return attempt;
}

/// Reads from the connection until the HTTP reply is complete, or an error makes that impossible.
/// \param surplus set to true if more bytes came after the end of the reply.
/// \return the result of the last read.
Task<IoStatus> HttpClient::read_reply(ReplyParser& parser, bool& surplus) {
  std::array<char, 8192> chunk;
  while (!parser.is_done() && parser.problem().empty()) {
    const std::span<char> room(chunk);
    const IoResult read = co_await connection_->read_some(room);
    if (read.status == IoStatus::kClosed) parser.end_of_stream();
    if (read.status != IoStatus::kOk) co_return read.status;
    const std::string_view came(chunk.data(), read.bytes);
    surplus = parser.feed(came) < came.size();
    if (options_.on_body && parser.head_is_read() && parser.content_length()) {
      options_.on_body(parser.reply().body.size(), *parser.content_length());
    }
  }
  co_return IoStatus::kOk;
}

namespace {

Task<void> send_into(std::optional<boost::system::result<ClientReply, ClientFailure>>& sent,
                     HttpClient& client, const ClientRequest& request) {
  sent.emplace(co_await client.send(request));
}

}  // namespace

ClientLoop::ClientLoop() {
  asio::co_spawn(io_, sweep_forever(deadlines_), [](std::exception_ptr) {});
}

ClientLoop::~ClientLoop() = default;

void ClientLoop::spawn(Task<void> task) {
  ++tasks_;
  asio::co_spawn(io_, std::move(task), [this](std::exception_ptr failure) {
    if (failure) failure_ = failure;
    if (--tasks_ == 0) io_.stop();
  });
}

void ClientLoop::run() {
  io_.restart();
  if (tasks_ != 0) io_.run();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

boost::system::result<ClientReply, ClientFailure> ClientLoop::send(HttpClient& client,
                                                                   const ClientRequest& request) {
  std::optional<boost::system::result<ClientReply, ClientFailure>> sent;
  spawn(send_into(sent, client, request));
  run();
  return std::move(*sent);
}

void ClientLoop::cut_short() {
  asio::post(io_, [this] { deadlines_.end(); });
}

}  // namespace couponhook::server
