#include "server/net/http_server.hpp"

#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>

#include "server/net/http_session.hpp"

namespace couponhook::server {
namespace {

/// How long to wait when the process has no file descriptor left: the backlog keeps the clients
/// meanwhile.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

/// Leaves the listener's count when the session is over, however it ends.
class HttpServer::Presence {
 public:
  Presence(ListenerShare& share, std::string address)
      : share_(share), address_(std::move(address)) {}
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() { share_.leave(address_); }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  ListenerShare& share_;
  std::string address_;
};

bool ListenerShare::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= limits.max_connections) return false;
  std::size_t& count = by_address_[address];
  if (count >= limits.max_connections_per_address) return false;
  ++count;
  ++connections_;
  return true;
}

void ListenerShare::leave(const std::string& address) {
  --connections_;
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (--found->second == 0) by_address_.erase(found);
}

bool ListenerShare::reserve_body(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= limits.max_body_bytes_in_flight) return true;
  body_bytes_ -= bytes;
  return false;
}

HttpServer::HttpServer(asio::io_context& io, Deadlines& deadlines, SessionList& sessions,
                       ListenerShare& share)
    : io_(io),
      deadlines_(deadlines),
      sessions_(sessions),
      share_(share),
      acceptor_(io.get_executor()),
      pause_(io.get_executor()) {}

HttpServer::~HttpServer() = default;

error_code HttpServer::listen(const asio::ip::tcp::endpoint& endpoint) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.set_option(ReusePort(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return ec;
  asio::co_spawn(io_, accept_for_ever(), [this](std::exception_ptr failure) {
    if (failure) share_.on_bug(failure);
  });
  return ec;
}

asio::ip::tcp::endpoint HttpServer::endpoint() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

Task<void> HttpServer::accept_for_ever() {
  while (!draining_) {
    Socket socket(io_.get_executor());
    asio::ip::tcp::endpoint peer;
    const auto [ec] = co_await acceptor_.async_accept(socket, peer, use_task);
    if (draining_) co_return;
    if (ec) {
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(use_task);
      continue;
    }
    try {
      begin_session(std::move(socket), peer.address().to_string());
    } catch (...) {
      // No memory for one session must not end accepting for all that follow.
      share_.on_bug(std::current_exception());
    }
  }
}

void HttpServer::begin_session(Socket socket, std::string address) {
  if (!share_.enter(address)) return;
  auto presence = std::make_unique<Presence>(share_, std::move(address));
  asio::co_spawn(io_, serve(std::move(socket), std::move(presence)),
                 [this](std::exception_ptr failure) {
                   if (failure) share_.on_bug(failure);
                 });
}

Task<void> HttpServer::serve(Socket socket, std::unique_ptr<Presence> presence) {
  Connection connection(std::move(socket), share_.tls ? share_.tls() : nullptr, deadlines_);
  HttpSession session(*this, sessions_, share_, connection, presence->address());
  co_await session.run();
}

void HttpServer::drain() {
  draining_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (HttpSession* session = sessions_.first; session != nullptr; session = session->next()) {
    session->drain();
  }
}

void HttpServer::abort() {
  for (HttpSession* session = sessions_.first; session != nullptr; session = session->next()) {
    session->abort();
  }
}

}  // namespace couponhook::server
