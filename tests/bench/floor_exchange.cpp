#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cpu_time.hpp"
#include "floor_parts.hpp"

namespace couponhook::bench {
namespace {

constexpr std::size_t kExchanges = 40000;
constexpr std::size_t kHandshakes = 1500;
constexpr int kSilenceMs = 30000;
const std::string kRequest(kHeadBytes + kBodyBytes, 'r');
const std::string kReply = "HTTP/1.1 204 No Content\r\nDate: Tue, 05 Mar 2024 07:58:43 GMT\r\n\r\n";

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { require(fd >= 0, "a socket"); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// A listening TCP socket on the loopback address. Only this class contains the casts of address
/// types that the socket API requires.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    require(::bind(socket_.fd(), address(), size) == 0 &&
                ::getsockname(socket_.fd(), address(), &size) == 0 &&
                ::listen(socket_.fd(), 128) == 0,
            "listening");
  }
  [[nodiscard]] Socket accept() const {
    return no_delay(Socket(::accept(socket_.fd(), nullptr, nullptr)));
  }
  [[nodiscard]] Socket connect() {
    Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
    require(::connect(socket.fd(), address(), sizeof address_) == 0, "connect");
    return no_delay(std::move(socket));
  }

 private:
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }
  static Socket no_delay(Socket socket) {
    const int yes = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
  }

  Socket socket_;
  sockaddr_in address_{};
};

TlsPtr client_tls() {
  TlsPtr tls(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(tls.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(tls.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_read_ahead(tls.get(), 1);
  return tls;
}

TlsPtr server_tls() {
  const PkeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
  X509_set_pubkey(certificate.get(), key.get());
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "X509_sign");

  TlsPtr tls(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(tls.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(tls.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(tls.get(), "X25519");
  SSL_CTX_set_read_ahead(tls.get(), 1);
  SSL_CTX_set_num_tickets(tls.get(), 1);
  SSL_CTX_set_session_cache_mode(tls.get(), SSL_SESS_CACHE_OFF);
  require(SSL_CTX_use_certificate(tls.get(), certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(tls.get(), key.get()) == 1,
          "SSL_CTX_use_certificate");
  return tls;
}

/// One end of a TLS connection, either the client or the server. Reads messages of a known length
/// and answers each of them with a fixed message.
class End {
 public:
  End(SSL_CTX* tls, Socket socket, std::size_t expects, const std::string& says)
      : socket_(std::move(socket)), ssl_(SSL_new(tls)), expects_(expects), says_(says) {
    SSL_set_fd(ssl_.get(), socket_.fd());
  }

  void accept() { require(SSL_accept(ssl_.get()) == 1, "SSL_accept"); }
  void connect() { require(SSL_connect(ssl_.get()) == 1, "SSL_connect"); }
  void say() {
    require(SSL_write(ssl_.get(), says_.data(), static_cast<int>(says_.size())) > 0, "SSL_write");
  }
  /// Reads the bytes that are available on the TLS connection.
  /// \return true if a message is complete; the next call then begins to read the next message.
  [[nodiscard]] bool hear() {
    const int bytes = SSL_read(ssl_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
    if (bytes <= 0) {
      // The client comes here once on each connection, when a TLS session ticket arrives: the
      // ticket contains no bytes of a message.
      require(SSL_get_error(ssl_.get(), bytes) == SSL_ERROR_WANT_READ, "SSL_read");
      return false;
    }
    heard_ += static_cast<std::size_t>(bytes);
    if (heard_ < expects_) return false;
    heard_ = 0;
    return true;
  }
  void hear_all() {
    while (!hear()) continue;
  }
  void shut_down() { SSL_shutdown(ssl_.get()); }

  void watch(int epoll, std::uint32_t number) {
    const int flags = ::fcntl(socket_.fd(), F_GETFL);
    require(::fcntl(socket_.fd(), F_SETFL, flags | O_NONBLOCK) == 0, "fcntl");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = number;
    require(::epoll_ctl(epoll, EPOLL_CTL_ADD, socket_.fd(), &event) == 0, "epoll_ctl");
  }

 private:
  Socket socket_;
  SslPtr ssl_;
  std::size_t expects_;
  const std::string& says_;
  std::size_t heard_ = 0;
  std::array<char, 4096> buffer_{};
};

/// Reads messages on all TLS connections until `count` messages have arrived, and sends an answer
/// to each of the first `answers` messages.
void run_exchange(std::vector<End>& ends, std::size_t count, std::size_t answers) {
  const Socket epoll(::epoll_create1(0));
  std::size_t heard = 0;
  const auto hear = [&](End& end) {
    if (end.hear() && heard++ < answers) end.say();
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    ends[i].watch(epoll.fd(), static_cast<std::uint32_t>(i));
    // Read without waiting for epoll. OpenSSL may have read the first message together with the end
    // of the handshake, and epoll reports no event for this message.
    hear(ends[i]);
  }
  std::array<epoll_event, kConnections> events{};
  while (heard < count) {
    const int ready =
        ::epoll_wait(epoll.fd(), events.data(), static_cast<int>(events.size()), kSilenceMs);
    require(ready > 0 || (ready < 0 && errno == EINTR), "an answer in time");
    for (std::size_t i = 0; std::cmp_less(i, ready); ++i) hear(ends[events[i].data.u32]);
  }
}

/// Runs the TLS client in a new thread, and the TLS server in this thread.
/// \return the CPU time that the function `server` returned.
template <typename Client, typename Server>
std::chrono::nanoseconds beside(Client&& client, Server&& server) {
  std::exception_ptr failure;
  std::thread thread([&] {
    try {
      client();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  const std::chrono::nanoseconds time = server();
  thread.join();
  if (failure) std::rethrow_exception(failure);
  return time;
}

}  // namespace

double tls_exchange() {
  const TlsPtr to_server = client_tls();
  const TlsPtr to_client = server_tls();
  Listener listener;
  // Keep the connections of client and server open until both sides have finished, because a closed
  // connection would wake epoll in the same way as a message.
  std::vector<End> asking;
  std::vector<End> answering;
  asking.reserve(kConnections);
  answering.reserve(kConnections);
  const auto client = [&] {
    for (std::size_t i = 0; i < kConnections; ++i) {
      asking.emplace_back(to_server.get(), listener.connect(), kReply.size(), kRequest).connect();
    }
    for (End& end : asking) end.say();
    run_exchange(asking, kExchanges, kExchanges - kConnections);
  };
  const auto server = [&] {
    for (std::size_t i = 0; i < kConnections; ++i) {
      answering.emplace_back(to_client.get(), listener.accept(), kRequest.size(), kReply).accept();
    }
    const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
    run_exchange(answering, kExchanges, kExchanges);
    return cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun;
  };
  return each(beside(client, server), kExchanges);
}

double tls_connection() {
  const TlsPtr to_server = client_tls();
  const TlsPtr to_client = server_tls();
  Listener listener;
  const auto client = [&] {
    for (std::size_t i = 0; i < kHandshakes; ++i) {
      End end(to_server.get(), listener.connect(), kReply.size(), kRequest);
      end.connect();
      end.say();
      end.hear_all();
      end.shut_down();
    }
  };
  const auto server = [&] {
    const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
    for (std::size_t i = 0; i < kHandshakes; ++i) {
      End end(to_client.get(), listener.accept(), kRequest.size(), kReply);
      end.accept();
      end.hear_all();
      end.say();
      end.shut_down();
    }
    return cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun;
  };
  return each(beside(client, server), kHandshakes);
}

}  // namespace couponhook::bench
