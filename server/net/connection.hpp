#pragma once

/// \file
/// A TCP connection, with TLS or without, whose every wait has a deadline.

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "server/net/deadlines.hpp"
#include "server/net/task.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// How a read or write ended.
enum class IoStatus : unsigned char {
  kOk,
  kClosed,   ///< the peer closed, in order or by just going away between messages
  kTimeout,  ///< the deadline passed
  kFailed,   ///< a TLS or socket error
};

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t bytes = 0;
};

/// OpenSSL works on the non-blocking socket itself and Asio only waits for readiness: no buffers in
/// between, no copy, and an idle connection holds no record buffer.
///
/// Not thread-safe: used by one coroutine on its io_context's thread. Deadlines apply to whatever
/// is awaited when they pass, and stay passed until set anew.
class Connection : private Deadlines::Entry {
 public:
  /// \param tls null for plain TCP.
  Connection(Socket socket, TlsContext tls, Deadlines& deadlines);
  ~Connection() override;

  /// The deadline for what is awaited from now on.
  void set_deadline(std::chrono::milliseconds from_now);
  /// For while something else is awaited.
  void never_expire() { never(); }

  /// Server side of the TLS handshake; does nothing for plain TCP.
  Task<IoStatus> accept_tls();
  /// Client side; the peer's certificate must be valid for `host` (a DNS name or an IP address).
  Task<IoStatus> connect_tls(std::string host);

  /// Looks at what comes without taking it, once there are `at_least` bytes. Only before TLS.
  Task<IoResult> peek(std::span<char> into, std::size_t at_least);
  /// Takes bytes that peek() has shown.
  void skip_peeked(std::size_t bytes);

  /// Reads at least one byte.
  Task<IoResult> read_some(std::span<char> into);
  /// Writes all of `bytes`, which must live until the task is done.
  Task<IoStatus> write_all(std::string_view bytes);

  /// Says goodbye in order: what the peer still sends is read and dropped until it closes too,
  /// because data left unread would make the kernel reset the connection and take our last reply
  /// with it.
  /// \param linger how long at most; the bytes dropped have a limit too.
  Task<void> close(std::chrono::milliseconds linger);

  /// Ends any wait with IoStatus::kClosed; for shutting down. Call on the connection's thread.
  void abort();

  /// The error that OpenSSL or the kernel gave last, in words.
  [[nodiscard]] std::string last_error() const;

 private:
  enum class Want : unsigned char { kRead, kWrite };

  void expired() override;
  Task<IoStatus> wait(Want want);
  Task<IoStatus> handshake();
  /// What a failed SSL call wants: nothing (kOk with `want` set) or the reason it is over.
  IoStatus classify(int result, Want& want);

  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };

  Socket socket_;
  TlsContext tls_;  // outlives ssl_
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool timed_out_ = false;
  bool aborted_ = false;
  unsigned long ssl_error_ = 0;
  int socket_error_ = 0;
};

}  // namespace couponhook::server
