#include "load_client.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace couponhook::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  throw std::runtime_error(what + (reason == nullptr ? "" : std::string(": ") + reason));
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    if (fd < 0) fail("no socket");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// Returns the status of the HTTP reply with which `text` begins, or nothing if the reply is not
/// complete yet.
std::optional<unsigned> complete_status(std::string_view text) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const std::size_t head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  std::size_t body = 0;
  const std::size_t length = text.substr(0, head).find(kLength);
  if (length != std::string_view::npos) {
    std::from_chars(text.data() + length + kLength.size(), text.data() + head, body);
  }
  if (text.size() < head + 4 + body) return std::nullopt;
  unsigned status = 0;
  if (text.starts_with("HTTP/1.1 ")) std::from_chars(text.data() + 9, text.data() + 12, status);
  return status;
}

/// One non-blocking TLS connection of the load client. The function drive() sends and receives as
/// much as is possible without waiting.
class Connection {
 public:
  Connection(const ClientOptions& options, int epoll, std::uint32_t number)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)), ssl_(SSL_new(options.tls.get())) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options.port);
    if (::inet_pton(AF_INET, options.address.c_str(), &to.sin_addr) != 1 ||
        ::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      fail("cannot connect to " + options.address + ":" + std::to_string(options.port));
    }
    const int yes = 1;
    ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::fcntl(socket_.fd(), F_SETFL, ::fcntl(socket_.fd(), F_GETFL) | O_NONBLOCK);
    // Register the connection with epoll only once: edge-triggered, for reading and writing.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u32 = number;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket_.fd(), &event) != 0) fail("epoll_ctl");
    SSL_set_fd(ssl_.get(), socket_.fd());
    SSL_set_connect_state(ssl_.get());
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { SSL_shutdown(ssl_.get()); }

  [[nodiscard]] bool is_open() { return SSL_is_init_finished(ssl_.get()) == 1 || handshake(); }

  /// Begins to send a request.
  /// \param begun time from which the latency is measured. If the connection was opened for this
  ///   request, this is the time before connecting.
  void request(const std::string& wire, SteadyClock::time_point begun) {
    wire_ = &wire;
    written_ = false;
    reply_size_ = 0;
    begun_ = begun;
  }
  [[nodiscard]] SteadyClock::time_point begun() const { return begun_; }

  /// Sends and receives as much as is possible without waiting.
  /// \return the HTTP status if the reply is complete; nothing if the connection must wait for the
  ///   network or has no request.
  [[nodiscard]] std::optional<unsigned> drive() {
    if (wire_ == nullptr || !is_open()) return std::nullopt;
    if (!written_) {
      std::size_t bytes = 0;
      // OpenSSL's option for partial writes is off. So SSL_write_ex() either writes the whole
      // request, or must be called again with the same request.
      if (!done(SSL_write_ex(ssl_.get(), wire_->data(), wire_->size(), &bytes))) {
        return std::nullopt;
      }
      written_ = bytes == wire_->size();
      if (!written_) fail("a request was cut");
    }
    while (true) {
      std::size_t bytes = 0;
      char* const room = reply_.data() + reply_size_;
      if (!done(SSL_read_ex(ssl_.get(), room, reply_.size() - reply_size_, &bytes))) {
        return std::nullopt;
      }
      reply_size_ += bytes;
      if (const auto status = complete_status({reply_.data(), reply_size_})) {
        wire_ = nullptr;
        return status;
      }
      if (reply_size_ == reply_.size()) fail("a reply is too long");
    }
  }

 private:
  bool handshake() { return done(SSL_do_handshake(ssl_.get())); }
  bool done(int result) {
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const char* const when = SSL_is_init_finished(ssl_.get()) == 0 ? "in its handshake"
                               : written_                            ? "before its reply"
                                                                     : "before its request";
      fail(std::string("a connection was lost ") + when);
    }
    return false;
  }

  Socket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  const std::string* wire_ = nullptr;
  bool written_ = false;
  std::array<char, 2048> reply_{};
  std::size_t reply_size_ = 0;
  SteadyClock::time_point begun_;
};

class Client {
 public:
  Client(const ClientOptions& options, const Requests& requests)
      : options_(options), requests_(requests), connections_(options.connections) {
    SSL_CTX_clear_mode(options.tls.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  }

  Outcome run(const std::function<void()>& begin) {
    if (!options_.new_connections) open_all();
    begin();
    begun_ = SteadyClock::now();
    for (std::uint32_t i = 0; i < connections_.size(); ++i) {
      if (start(i)) serve(i);
    }
    while (answered_ < requests_.count) {
      wait([this](std::uint32_t number) { serve(number); });
      start_idle();
    }
    outcome_.duration = SteadyClock::now() - begun_;
    return std::move(outcome_);
  }

 private:
  void open_all() {
    for (std::uint32_t i = 0; i < connections_.size(); ++i) {
      connections_[i] = std::make_unique<Connection>(options_, epoll_.fd(), i);
      while (!connections_[i]->is_open()) wait([](std::uint32_t) {});
    }
  }

  template <typename Ready>
  void wait(const Ready& ready) {
    constexpr int kTimeoutMs = 15000;
    std::array<epoll_event, 64> events{};
    // If the limit of requests per second makes connections wait, wake up every millisecond and
    // check whether the next request may be sent.
    const int timeout_ms = idle_.empty() ? kTimeoutMs : 1;
    const int count =
        ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count == 0 && idle_.empty()) fail("no reply for 15 s");
    for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)].data.u32);
  }

  [[nodiscard]] bool is_due(std::size_t request) const {
    if (options_.rate == 0) return true;
    const std::chrono::duration<double> after(static_cast<double>(request) / options_.rate);
    return SteadyClock::now() >= begun_ + after;
  }

  void start_idle() {
    while (!idle_.empty() && sent_ < requests_.count && is_due(sent_)) {
      const std::uint32_t number = idle_.back();
      idle_.pop_back();
      if (start(number)) serve(number);
    }
    if (sent_ == requests_.count) idle_.clear();
  }

  /// Sends the next request on the connection with this number. If each request needs a new
  /// connection, first replaces the old connection by a new one.
  /// \return true if a request was sent; false if no request is left, or if the limit of requests
  ///   per second does not allow one yet.
  bool start(std::uint32_t number) {
    if (sent_ == requests_.count) return false;
    if (!is_due(sent_)) {
      idle_.push_back(number);
      return false;
    }
    auto& connection = connections_[number];
    const auto begun = SteadyClock::now();
    if (options_.new_connections) {
      connection.reset();
      connection = std::make_unique<Connection>(options_, epoll_.fd(), number);
    }
    connection->request(requests_[sent_++], begun);
    return true;
  }

  void serve(std::uint32_t number) {
    while (const auto status = connections_[number]->drive()) {
      ++answered_;
      ++outcome_.by_status[*status];
      outcome_.latencies.add(std::chrono::duration_cast<std::chrono::microseconds>(
          SteadyClock::now() - connections_[number]->begun()));
      if (!start(number)) return;
    }
  }

  const ClientOptions& options_;
  const Requests& requests_;
  Socket epoll_{::epoll_create1(0)};
  std::vector<std::unique_ptr<Connection>> connections_;
  /// Numbers of the connections that wait because of the limit of requests per second.
  std::vector<std::uint32_t> idle_;
  SteadyClock::time_point begun_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome send_requests(const ClientOptions& options, const Requests& requests,
                      const std::function<void()>& begin) {
  return Client(options, requests).run(begin);
}

}  // namespace couponhook::bench
