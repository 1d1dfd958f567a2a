#include "server/net/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <boost/asio/ip/address.hpp>

namespace couponhook::server {
namespace {

/// Largest number of unread bytes that close() drops: 16 times the default of max_body_bytes. The
/// bytes are dropped in pieces, so that other connections of the thread get their turn.
constexpr std::size_t kLingerBytesMax = 32U << 20;
constexpr std::size_t kLingerPieceBytes = 1U << 20;

}  // namespace

void Connection::FreeSsl::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

Connection::Connection(Socket socket, TlsContext tls, Deadlines& deadlines)
    : Entry(deadlines), socket_(std::move(socket)), tls_(std::move(tls)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (tls_) {
    ssl_.reset(SSL_new(tls_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1) throw std::bad_alloc();
  }
}

Connection::~Connection() = default;

void Connection::set_deadline(std::chrono::milliseconds from_now) {
  timed_out_ = false;
  expire_after(from_now);
}

void Connection::expired() {
  timed_out_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::abort() {
  aborted_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

Task<IoStatus> Connection::wait(Want want) {
  if (timed_out_) co_return IoStatus::kTimeout;
  if (aborted_) co_return IoStatus::kClosed;
  const auto kind = want == Want::kRead ? Socket::wait_read : Socket::wait_write;
  const auto [ec] = co_await socket_.async_wait(kind, use_task);
  if (timed_out_) co_return IoStatus::kTimeout;
  if (aborted_) co_return IoStatus::kClosed;
  co_return ec ? IoStatus::kFailed : IoStatus::kOk;
}

IoStatus Connection::classify(int result, Want& want) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      want = Want::kRead;
      return IoStatus::kOk;
    case SSL_ERROR_WANT_WRITE:
      want = Want::kWrite;
      return IoStatus::kOk;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::kClosed;
    default:
      ssl_error_ = ERR_peek_last_error();
      socket_error_ = saved_errno;
      ERR_clear_error();
      // Many peers close a connection without a TLS close_notify. That is harmless between two
      // messages. Only the caller knows whether a message was being sent, so the caller decides if
      // this is an error.
      if (ERR_GET_REASON(ssl_error_) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return IoStatus::kClosed;
      }
      return IoStatus::kFailed;
  }
}

Task<IoStatus> Connection::handshake() {
  while (true) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return IoStatus::kOk;
    Want want{};
    if (const IoStatus status = classify(result, want); status != IoStatus::kOk) co_return status;
    if (const IoStatus status = co_await wait(want); status != IoStatus::kOk) co_return status;
  }
}

Task<IoStatus> Connection::accept_tls() {
  if (!ssl_) co_return IoStatus::kOk;
  SSL_set_accept_state(ssl_.get());
  co_return co_await handshake();
}

Task<IoStatus> Connection::connect_tls(std::string host) {
  if (!ssl_) co_return IoStatus::kOk;
  SSL_set_connect_state(ssl_.get());
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    // SSL_ctrl() sets the host name for the TLS handshake (SNI). It is called directly, because the
    // macro SSL_set_tlsext_host_name() contains a C-style cast.
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
    SSL_set1_host(ssl_.get(), host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  }
  co_return co_await handshake();
}

std::optional<HandshakeKind> Connection::handshake_kind() const {
  if (!ssl_) return std::nullopt;
  return HandshakeKind{SSL_version(ssl_.get()) == TLS1_3_VERSION,
                       SSL_session_reused(ssl_.get()) == 1};
}

Task<IoResult> Connection::peek(std::span<char> into, std::size_t at_least) {
  // Bytes that were only copied (peeked) stay in the socket, so a normal wait would end at once.
  // The socket option SO_RCVLOWAT makes the kernel wait until enough bytes have arrived.
  const auto wake_at = [this](std::size_t bytes) {
    error_code ignored;
    socket_.set_option(asio::socket_base::receive_low_watermark(static_cast<int>(bytes)), ignored);
  };
  if (at_least > 1) wake_at(at_least);
  const IoStatus status = co_await wait(Want::kRead);
  if (at_least > 1) wake_at(1);
  if (status != IoStatus::kOk) co_return IoResult{status, 0};
  const ssize_t bytes = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_PEEK);
  if (bytes < 0) co_return IoResult{IoStatus::kFailed, 0};
  // If the wait ended with fewer bytes than requested, the peer has closed, and no more bytes will
  // come.
  const auto size = static_cast<std::size_t>(bytes);
  co_return IoResult{size < at_least ? IoStatus::kClosed : IoStatus::kOk, size};
}

void Connection::skip_peeked(std::size_t bytes) {
  std::array<char, 512> dropped;
  while (bytes != 0) {
    const ssize_t taken =
        ::recv(socket_.native_handle(), dropped.data(), std::min(bytes, dropped.size()), 0);
    if (taken <= 0) return;
    bytes -= static_cast<std::size_t>(taken);
  }
}

Task<IoResult> Connection::read_some(std::span<char> into) {
  // If OpenSSL holds no buffered data, the socket usually has no data either. Waiting before the
  // read then saves a system call that would read nothing.
  if (!ssl_ || SSL_has_pending(ssl_.get()) == 0) {
    if (const IoStatus status = co_await wait(Want::kRead); status != IoStatus::kOk) {
      co_return IoResult{status, 0};
    }
  }
  while (true) {
    Want want = Want::kRead;
    if (ssl_) {
      std::size_t bytes = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
      if (result == 1) co_return IoResult{IoStatus::kOk, bytes};
      if (const IoStatus status = classify(result, want); status != IoStatus::kOk) {
        co_return IoResult{status, 0};
      }
    } else {
      const ssize_t bytes = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
      if (bytes > 0) co_return IoResult{IoStatus::kOk, static_cast<std::size_t>(bytes)};
      if (bytes == 0) co_return IoResult{IoStatus::kClosed, 0};
      socket_error_ = errno;
      if (errno != EAGAIN && errno != EINTR) co_return IoResult{IoStatus::kFailed, 0};
    }
    if (const IoStatus status = co_await wait(want); status != IoStatus::kOk) {
      co_return IoResult{status, 0};
    }
  }
}

Task<IoStatus> Connection::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    Want want = Want::kWrite;
    if (ssl_) {
      std::size_t written = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
      if (result == 1) {
        bytes.remove_prefix(written);
        continue;
      }
      if (const IoStatus status = classify(result, want); status != IoStatus::kOk) co_return status;
    } else {
      const ssize_t written =
          ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
        continue;
      }
      socket_error_ = errno;
      if (errno != EAGAIN && errno != EINTR) co_return IoStatus::kFailed;
    }
    if (const IoStatus status = co_await wait(want); status != IoStatus::kOk) co_return status;
  }
  co_return IoStatus::kOk;
}

Task<void> Connection::close(std::chrono::milliseconds linger) {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) != 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  error_code ec;
  socket_.shutdown(Socket::shutdown_send, ec);
  set_deadline(linger);
  for (std::size_t total = 0; !ec && total < kLingerBytesMax;) {
    if (co_await wait(Want::kRead) != IoStatus::kOk) break;
    // The flag MSG_TRUNC drops the received bytes in the kernel, without copying them.
    const ssize_t bytes = ::recv(socket_.native_handle(), nullptr, kLingerPieceBytes, MSG_TRUNC);
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (bytes > 0) total += static_cast<std::size_t>(bytes);
  }
  error_code ignored;
  socket_.close(ignored);
}

bool Connection::peer_has_closed() {
  if (aborted_) return true;
  char byte = 0;
  if (ssl_) {
    ERR_clear_error();
    const int result = SSL_peek(ssl_.get(), &byte, 1);
    Want want{};
    return result <= 0 && classify(result, want) != IoStatus::kOk;
  }
  const ssize_t bytes =
      ::recv(socket_.native_handle(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
  return bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR);
}

std::optional<std::string> Connection::certificate_fault() const {
  const long verified = ssl_ ? SSL_get_verify_result(ssl_.get()) : X509_V_OK;
  if (verified == X509_V_OK) return std::nullopt;
  return X509_verify_cert_error_string(verified);
}

std::string Connection::last_error() const {
  if (const auto fault = certificate_fault()) return "certificate: " + *fault;
  if (ssl_error_ != 0) {
    const char* reason = ERR_reason_error_string(ssl_error_);
    return reason == nullptr ? "TLS error" : reason;
  }
  return socket_error_ == 0 ? "connection lost" : std::strerror(socket_error_);
}

}  // namespace couponhook::server
