#pragma once

/// \file
/// What all threads of one listener share: its limits, and who is connected.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "server/net/http_message.hpp"
#include "server/net/ip_address.hpp"
#include "server/net/tls_context.hpp"
#include "server/net/trusted_proxies.hpp"

namespace couponhook::server {

struct HttpLimits {
  std::size_t max_connections;
  std::size_t max_connections_per_address;
  std::size_t max_refusals;  ///< connections beyond these that are told so, with 503
  std::size_t max_header_bytes;
  std::size_t max_body_bytes;
  std::size_t max_body_bytes_in_flight;
  std::chrono::milliseconds handshake_timeout;
  std::chrono::milliseconds header_timeout;
  std::chrono::milliseconds body_timeout;
  std::chrono::milliseconds write_timeout;
  std::chrono::milliseconds idle_timeout;
};

/// What is done with a connection.
enum class Admission : std::uint8_t {
  kServed,
  kRefused,  ///< one too many: gets 503 and is closed
  kDropped,  ///< one too many even to be told so
};

/// Thread-safe.
class ListenerShare {
 public:
  ListenerShare(const HttpLimits& http_limits, TrustedProxies trusted_proxies,
                RequestHandler& request_handler, std::function<TlsContext()> tls_source,
                std::function<void(std::exception_ptr)> bug_observer)
      : limits(http_limits),
        trusted(std::move(trusted_proxies)),
        handler(request_handler),
        tls(std::move(tls_source)),
        on_bug(std::move(bug_observer)) {}

  const HttpLimits limits;
  const TrustedProxies trusted;
  RequestHandler& handler;
  const std::function<TlsContext()> tls;  ///< the context for the next session; null: plain TCP
  /// Told of exceptions that a session did not survive.
  const std::function<void(std::exception_ptr)> on_bug;

  /// Whether anyone is connected, or could come to be.
  [[nodiscard]] bool busy() const { return doors_ + connections_ + refusals_ != 0; }

  /// A thread begins, or has ceased, to accept.
  void open_door() { ++doors_; }
  void close_door() { --doors_; }

  /// \return false where the bodies being read would be too many bytes.
  [[nodiscard]] bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes) { body_bytes_ -= bytes; }

 private:
  friend class Presence;
  [[nodiscard]] Admission enter();
  [[nodiscard]] Admission enter_as_refusal();
  void leave(Admission admission);
  [[nodiscard]] bool enter_address(const IpAddress& range);
  void leave_address(const IpAddress& range);

  std::atomic<std::size_t> doors_{0};
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> refusals_{0};
  std::atomic<std::size_t> body_bytes_{0};
  std::mutex mutex_;
  std::map<IpAddress, std::size_t> by_address_;  // guarded by mutex_
};

/// One connection's place in its listener's counts, which it leaves however it ends. Used on the
/// connection's thread.
class Presence {
 public:
  /// \param share must outlive this object.
  explicit Presence(ListenerShare& share) : share_(share), admission_(share.enter()) {}
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence();

  [[nodiscard]] Admission admission() const { return admission_; }

  /// Counts the connection for this client from now on, and no longer for the one before. An IPv6
  /// client is counted by its /64 network, all of which a single host usually has.
  /// \return false where the client has too many already; the connection is refused then.
  bool count_for(const IpAddress& client);

 private:
  ListenerShare& share_;
  Admission admission_;
  std::optional<IpAddress> range_;  // what it is counted for
};

}  // namespace couponhook::server
