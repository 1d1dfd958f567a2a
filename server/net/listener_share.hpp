#pragma once

/// \file
/// State that all threads of one listener share: limits, and counts of connections per client
/// address.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/ip_address.hpp"
#include "server/net/handshake_counts.hpp"
#include "server/net/http_message.hpp"
#include "server/net/task.hpp"
#include "server/net/tls_context.hpp"
#include "server/net/trusted_proxies.hpp"

namespace couponhook::server {

struct HttpLimits {
  std::size_t max_connections;
  std::size_t max_connections_per_address;
  /// Number of connections above max_connections that are not closed at once but still get a 503
  /// reply.
  std::size_t max_refusals;
  std::size_t max_header_bytes;
  std::size_t max_body_bytes;
  std::size_t max_body_bytes_in_flight;
  std::chrono::milliseconds handshake_timeout;
  std::chrono::milliseconds header_timeout;
  std::chrono::milliseconds body_timeout;
  std::chrono::milliseconds write_timeout;
  std::chrono::milliseconds idle_timeout;
};

/// Decision about a new connection: to serve it, to refuse it with a 503 reply, or to close it.
enum class Admission : std::uint8_t {
  kServed,
  kRefused,  ///< there are too many connections: this one gets a 503 reply and is closed
  kDropped,  ///< too many 503 replies are being sent: the connection is closed without a reply
  kEvicted,  ///< the connection was served, but is closed to make room for a newer connection
};

class ConnectionSlot;

/// The event that a connection waits for. A connection in the state kIdle, kSlow or kSigned may be
/// evicted (closed to make room for a new connection).
enum class Waiting : std::uint8_t {
  /// The connection waits for its next request, or for its first request.
  kIdle,
  /// The connection waits for the rest of a message or TLS handshake, or for the peer to close.
  kSlow,
  /// The connection waits for one of the events of kIdle and kSlow, and has carried a request with
  /// a valid signature.
  kSigned,
  /// The connection waits for the reply to its request, so it is never closed to make room.
  kHandled,
};
inline constexpr std::size_t kWaitingCount = 4;

/// Limits and counts of the connections of one network listener. Thread-safe.
///
/// The number of connections is limited. So a client that opens many connections and sends nothing
/// could lock out all other clients. Therefore connections are evicted (closed to make room for new
/// ones):
/// - If the limit is reached, a new connection takes the place of a waiting connection that has
///   never carried a valid signature. Connections that have waited for a second or more are evicted
///   first. Among them, idle connections are evicted before slow ones, and the connection with the
///   longest wait is evicted first. If no connection has waited for a second, a client address with
///   more than a small share of the connections makes room for its own new connections. A
///   connection that has carried a valid signature is evicted only if there is no other.
/// - If three quarters of the limit are reached, a client address with more than a small share of
///   the connections makes room for its own new connections.
///
/// So a new connection is refused only if all connections are busy with requests, if too many
/// evicted connections have not ended yet, or if its client address has reached its own limit.
class ListenerShare {
 public:
  struct Observers {
    /// Function that is called with an exception that ended an HTTP session.
    std::function<void(std::exception_ptr)> on_bug;
    /// Function that is called with the number of connections that were just evicted (closed to
    /// make room for new connections).
    std::function<void(std::size_t)> on_evictions = nullptr;
  };
  using Now = std::function<SteadyClock::time_point()>;

  /// Largest number of evicted connections that have not ended yet. Their file descriptors are open
  /// in addition to those of the served connections.
  static constexpr std::size_t kLeavingMax = 256;

  ListenerShare(const HttpLimits& http_limits, TrustedProxies trusted_proxies,
                RequestHandler& request_handler, std::function<TlsContext()> tls_source,
                Observers observers, Now steady_clock = SteadyClock::now)
      : limits(http_limits),
        trusted(std::move(trusted_proxies)),
        handler(request_handler),
        tls(std::move(tls_source)),
        on_bug(std::move(observers.on_bug)),
        on_evictions(std::move(observers.on_evictions)),
        now_(std::move(steady_clock)) {}

  const HttpLimits limits;
  const TrustedProxies trusted;
  RequestHandler& handler;
  /// Function that returns the TLS context for the next session, or null for plain TCP.
  const std::function<TlsContext()> tls;
  const std::function<void(std::exception_ptr)> on_bug;
  const std::function<void(std::size_t)> on_evictions;

  /// Returns true while an HTTP session is open or a thread still accepts connections.
  [[nodiscard]] bool busy() const { return acceptors_ + sessions_ != 0; }

  /// Returns the number of open connections.
  [[nodiscard]] std::size_t sessions() const { return sessions_; }
  /// Finished TLS handshakes of this listener.
  HandshakeCounter handshakes;

  /// Counts the threads that accept connections: a thread calls start_accepting() when it begins to
  /// accept connections, and stop_accepting() when it has stopped.
  void start_accepting() { ++acceptors_; }
  void stop_accepting() { --acceptors_; }

  /// Counts bytes of request bodies that are in memory. \return false, and counts nothing, if the
  /// total would exceed max_body_bytes_in_flight.
  [[nodiscard]] bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes) { body_bytes_ -= bytes; }

 private:
  friend class ConnectionSlot;
  /// Connections in the same state, ordered by the time in that state; the connection with the
  /// longest time comes first. Each connection owns its list node, so moving a connection between
  /// lists allocates no memory.
  using Line = std::list<ConnectionSlot*>;
  struct AddressConnections {
    /// Waiting connections that have never carried a request with a valid signature.
    Line unsigned_connections;
    Line others;
    [[nodiscard]] std::size_t count() const { return unsigned_connections.size() + others.size(); }
  };
  /// Connections that were evicted (closed to make room). These connections are notified after the
  /// lock is released.
  using Evicted = std::vector<std::weak_ptr<ConnectionSlot>>;

  // The functions below, up to has_waited(), may be called only while holding the lock `mutex_`.
  [[nodiscard]] Admission admit(const std::optional<base::IpAddress>& range, Evicted& evicted);
  [[nodiscard]] Admission refusal();
  [[nodiscard]] bool has_room_at(const base::IpAddress& range, Evicted& evicted);
  void remove(ConnectionSlot& slot);
  void enter_address(ConnectionSlot& slot, const base::IpAddress& range);
  void leave_address(ConnectionSlot& slot);
  void move(ConnectionSlot& slot, Waiting waiting);
  void evict(ConnectionSlot& slot, Evicted& evicted);
  [[nodiscard]] bool are_slots_scarce() const;
  /// Returns the largest number of waiting connections without a valid signature that a client
  /// address may have while slots are scarce.
  [[nodiscard]] std::size_t scarce_share() const;
  /// Returns the connection that is evicted first for a new connection of the address `range`; null
  /// if all connections are busy.
  [[nodiscard]] ConnectionSlot* longest_waiting(const std::optional<base::IpAddress>& range) const;
  [[nodiscard]] bool has_waited(const ConnectionSlot& slot) const;

  void notify(const Evicted& evicted) const;

  const Now now_;
  std::atomic<std::size_t> acceptors_{0};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<std::size_t> body_bytes_{0};
  std::mutex mutex_;
  // The lock `mutex_` guards the members below.
  std::size_t connections_ = 0;
  std::size_t refusals_ = 0;
  std::size_t leaving_ = 0;  ///< number of evicted connections that have not ended yet
  std::array<Line, kWaitingCount> waiting_;
  std::map<base::IpAddress, AddressConnections> by_address_;
};

/// One connection's entry in the counts of its network listener; the destructor removes the entry.
/// Used on the connection's thread. Another thread may evict the connection (close it to make room)
/// at any time.
class ConnectionSlot : public std::enable_shared_from_this<ConnectionSlot> {
 public:
  /// Counts a new connection and decides whether it is served.
  /// \param share must outlive this object.
  /// \param executor runs the connection's thread; the eviction callback is posted there.
  /// \param client address to count the connection for, as in count_for(); nothing if it is not
  ///   known yet because a trusted proxy connects.
  [[nodiscard]] static std::shared_ptr<ConnectionSlot> enter(
      ListenerShare& share, Executor executor, const std::optional<base::IpAddress>& client);
  ~ConnectionSlot();
  ConnectionSlot(const ConnectionSlot&) = delete;
  ConnectionSlot& operator=(const ConnectionSlot&) = delete;

  [[nodiscard]] Admission admission() const;

  /// Counts the connection for another client address from now on. IPv6 clients of the same /64
  /// network are counted together, because a single host usually has a whole /64.
  /// \return false if that address has too many connections; the connection is then refused.
  bool count_for(const base::IpAddress& client);

  /// Records the kind of event that the connection waits for: kIdle or kSlow.
  void wait(Waiting waiting);
  /// Records that a whole request has come. The request is answered even if the connection was
  /// evicted (closed to make room) a moment ago.
  void handle();
  /// Records that the connection carried a request with a valid signature: from now on this
  /// connection is among the last to be evicted.
  void carries_signature() { signed_ = true; }

  /// Sets the callback for the eviction of this connection.
  /// \param end must end the connection's current wait. Called at most once, on the connection's
  ///   thread. Null removes the callback.
  void on_eviction(std::function<void()> end) { end_ = std::move(end); }

 private:
  friend class ListenerShare;
  ConnectionSlot(ListenerShare& share, Executor executor);
  void end();

  ListenerShare& share_;
  const Executor executor_;
  std::function<void()> end_;
  bool signed_ = false;
  // The mutex of the ListenerShare guards the members below, up to lost_range_.
  Admission admission_ = Admission::kDropped;
  Waiting waiting_ = Waiting::kHandled;
  // Time at which the connection began its current wait.
  SteadyClock::time_point since_;
  // Client address, or IPv6 /64 network, for which the connection is counted.
  std::optional<base::IpAddress> range_;
  // Client address for which an evicted connection was counted; restored if its request is answered
  // after all.
  std::optional<base::IpAddress> lost_range_;
  // Nodes for the connection lists of the ListenerShare. The nodes are kept here while the
  // connection is in no list.
  ListenerShare::Line place_{this};
  ListenerShare::Line place_at_address_{this};
  const ListenerShare::Line::iterator node_ = place_.begin();
  const ListenerShare::Line::iterator node_at_address_ = place_at_address_.begin();
};

}  // namespace couponhook::server
