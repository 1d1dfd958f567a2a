#pragma once

/// \file
/// A TCP connection, with or without TLS, with a deadline for every wait.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "server/net/deadlines.hpp"
#include "server/net/handshake_counts.hpp"
#include "server/net/task.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// Result of a read, a write or a TLS handshake.
enum class IoStatus : unsigned char {
  kOk,
  /// The peer closed the connection, with or without a TLS close_notify, or abort() was called.
  kClosed,
  kTimeout,  ///< the deadline of the connection has passed
  kFailed,   ///< TLS or the socket reported an error
};

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t bytes = 0;
};

/// A TCP or TLS connection. OpenSSL itself reads from and writes to the non-blocking socket, and
/// Asio only waits until the socket is ready. So no bytes are copied between buffers, and an idle
/// connection holds no buffer for a TLS record.
///
/// Not thread-safe: only one coroutine may use a connection, on the thread of its io_context. When
/// the deadline of the connection passes, the current wait ends, and all later waits end at once,
/// until a new deadline is set.
class Connection : private Deadlines::Entry {
 public:
  /// Takes over an open socket. \param tls the TLS settings; null for plain TCP.
  Connection(Socket socket, TlsContext tls, Deadlines& deadlines);
  ~Connection() override;

  /// Sets the deadline for the current wait on this connection and for all later waits.
  void set_deadline(std::chrono::milliseconds from_now);
  /// Removes the deadline of the connection while the HTTP session waits for something else, such
  /// as the database.
  void never_expire() { never(); }

  /// Does the server side of the TLS handshake; does nothing for plain TCP.
  Task<IoStatus> accept_tls();
  /// Does the client side of the TLS handshake; does nothing for plain TCP. The peer's certificate
  /// must be valid for `host` (a DNS name or an IP address).
  Task<IoStatus> connect_tls(std::string host);

  /// Returns the kind of the TLS handshake, after it has succeeded; nothing for plain TCP.
  [[nodiscard]] std::optional<HandshakeKind> handshake_kind() const;

  /// Waits for `at_least` bytes from the peer and copies them, but leaves them in the socket for
  /// the next read. Use only before the TLS handshake.
  Task<IoResult> peek(std::span<char> into, std::size_t at_least);
  /// Removes from the socket the bytes that peek() has copied.
  void skip_peeked(std::size_t bytes);

  /// Reads bytes from the peer: at least one, and at most as many as fit into `into`.
  Task<IoResult> read_some(std::span<char> into);
  /// Writes all of `bytes` to the peer. The bytes must live until the task is done.
  Task<IoStatus> write_all(std::string_view bytes);

  /// Closes the connection so that no data is lost: ends the sending side, then reads and drops the
  /// peer's bytes until the peer closes too. If unread bytes remained, the kernel would reset the
  /// connection, and the peer could lose our last reply.
  /// \param linger the longest time to wait for the peer to close; the number of dropped bytes is
  ///   limited too.
  Task<void> close(std::chrono::milliseconds linger);

  /// Returns true if the peer has closed the connection, or if it is broken, without waiting and
  /// without reading. Bytes that the peer has sent before may hide that it has closed.
  [[nodiscard]] bool peer_has_closed();

  /// Ends the current wait of this connection with IoStatus::kClosed. Used for shutdown and for
  /// eviction (closing a connection to make room for a new one). Call on the connection's thread.
  void abort();

  /// Describes the last error that OpenSSL or the kernel reported for this connection.
  [[nodiscard]] std::string last_error() const;

  /// Returns what is wrong with the peer's certificate, in OpenSSL's words; nothing if the
  /// certificate is right, or was not verified yet.
  [[nodiscard]] std::optional<std::string> certificate_fault() const;

 private:
  enum class Want : unsigned char { kRead, kWrite };

  void expired() override;
  Task<IoStatus> wait(Want want);
  Task<IoStatus> handshake();
  /// Finds out why an OpenSSL call did not finish.
  /// \param want if kOk is returned, set to the event to wait for: bytes to read, or room to write.
  /// \return kOk if the call must be repeated after that event; otherwise the reason for which the
  ///   connection ended.
  IoStatus classify(int result, Want& want);

  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };

  Socket socket_;
  // The TLS settings must outlive the session `ssl_`, so they are declared before it.
  TlsContext tls_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool timed_out_ = false;
  bool aborted_ = false;
  unsigned long ssl_error_ = 0;
  int socket_error_ = 0;
};

}  // namespace couponhook::server
