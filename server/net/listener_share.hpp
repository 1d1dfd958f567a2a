#pragma once

/// \file
/// What all threads of one listener share: its limits, and who is connected.

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

#include "server/net/http_message.hpp"
#include "base/ip_address.hpp"
#include "server/net/task.hpp"
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
  kEvicted,  ///< its place went to another one; it is being closed
};

class Presence;

/// What a connection waits for. The first three may lose their place to a newcomer, in this order.
enum class Waiting : std::uint8_t {
  kIdle,     ///< for its next request, or its first
  kSlow,     ///< for the rest of a handshake, head, body or reply, or for the peer to close
  kSigned,   ///< for any of these, once it has carried a valid signature
  kHandled,  ///< for the reply to its request: never closed for another one
};
inline constexpr std::size_t kWaitingCount = 4;

/// Thread-safe.
///
/// Places for connections are limited, so whoever opens many and says nothing could keep everybody
/// else out. Where places run out, the connection that has waited longest and has never carried a
/// valid signature is closed for the newcomer, and one that has carried one only where there is no
/// other. Where places get scarce, an address that holds more than a small share makes room for its
/// own newcomers. So a newcomer is refused only while requests are being handled on all of them, or
/// where its address has its whole share.
class ListenerShare {
 public:
  struct Observers {
    /// Told of exceptions that a session did not survive.
    std::function<void(std::exception_ptr)> on_bug;
    /// Told how many connections were just closed for newcomers.
    std::function<void(std::size_t)> on_evictions = nullptr;
  };
  using Now = std::function<SteadyClock::time_point()>;

  /// Evicted connections that have not ended yet: open files above the other limits.
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
  const std::function<TlsContext()> tls;  ///< the context for the next session; null: plain TCP
  const std::function<void(std::exception_ptr)> on_bug;
  const std::function<void(std::size_t)> on_evictions;

  /// Whether anyone is connected, or could come to be.
  [[nodiscard]] bool busy() const { return doors_ + sessions_ != 0; }

  /// A thread begins, or has ceased, to accept.
  void open_door() { ++doors_; }
  void close_door() { --doors_; }

  /// \return false where the bodies being read would be too many bytes.
  [[nodiscard]] bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes) { body_bytes_ -= bytes; }

 private:
  friend class Presence;
  /// Connections by how long they have been in it, longest first. Each brings its own node, so
  /// that moving between lines allocates nothing.
  using Line = std::list<Presence*>;
  struct AtAddress {
    Line strangers;  ///< that wait and have never carried a valid signature
    Line others;
    [[nodiscard]] std::size_t count() const { return strangers.size() + others.size(); }
  };
  /// To be told once the lock is released.
  using Evicted = std::vector<std::weak_ptr<Presence>>;

  // All of these are called with mutex_ held.
  [[nodiscard]] Admission admit(const std::optional<base::IpAddress>& range, Evicted& evicted);
  [[nodiscard]] Admission refusal();
  [[nodiscard]] bool has_room_at(const base::IpAddress& range, Evicted& evicted);
  void remove(Presence& presence);
  void enter_address(Presence& presence, const base::IpAddress& range);
  void leave_address(Presence& presence);
  void move(Presence& presence, Waiting waiting);
  void evict(Presence& presence, Evicted& evicted);
  [[nodiscard]] bool are_places_scarce() const;
  [[nodiscard]] Presence* longest_waiting() const;
  [[nodiscard]] bool has_waited(const Presence& presence) const;

  void tell(const Evicted& evicted) const;

  const Now now_;
  std::atomic<std::size_t> doors_{0};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<std::size_t> body_bytes_{0};
  std::mutex mutex_;
  // Guarded by mutex_:
  std::size_t connections_ = 0;
  std::size_t refusals_ = 0;
  std::size_t leaving_ = 0;  ///< evicted, and not gone yet
  std::array<Line, kWaitingCount> waiting_;
  std::map<base::IpAddress, AtAddress> by_address_;
};

/// One connection's place in its listener's counts, which it leaves however it ends. Used on the
/// connection's thread; the place may be lost on any.
class Presence : public std::enable_shared_from_this<Presence> {
 public:
  /// \param share must outlive this object.
  /// \param executor of the connection's thread.
  /// \param client whom it counts for, as count_for(); nothing where that is not known yet.
  [[nodiscard]] static std::shared_ptr<Presence> enter(ListenerShare& share, Executor executor,
                                                       const std::optional<base::IpAddress>& client);
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  [[nodiscard]] Admission admission() const;

  /// Counts the connection for this client from now on, and no longer for the one before. An IPv6
  /// client is counted by its /64 network, all of which a single host usually has.
  /// \return false where the client has too many already; the connection is refused then.
  bool count_for(const base::IpAddress& client);

  /// Says what the connection waits for from now on: kIdle or kSlow.
  void wait(Waiting waiting);
  /// A whole request has come. It is answered even if the place was lost a moment ago.
  void handle();
  /// From now on the connection is among the last to make room.
  void carries_signature() { signed_ = true; }

  /// \param end ends whatever the connection waits for; called on its thread, once, when its place
  ///   has gone to another one. Null: nobody is there to be told any more.
  void on_eviction(std::function<void()> end) { end_ = std::move(end); }

 private:
  friend class ListenerShare;
  Presence(ListenerShare& share, Executor executor);
  void end();

  ListenerShare& share_;
  const Executor executor_;
  std::function<void()> end_;
  bool signed_ = false;
  // Guarded by the share's mutex:
  Admission admission_ = Admission::kDropped;
  Waiting waiting_ = Waiting::kHandled;
  SteadyClock::time_point since_;        // it waits
  std::optional<base::IpAddress> range_;       // what it is counted for
  std::optional<base::IpAddress> lost_range_;  // of an evicted one, in case it is served all the same
  // Nodes for the lines of waiting_ and range_, here while it is in none.
  ListenerShare::Line place_{this};
  ListenerShare::Line place_at_address_{this};
  const ListenerShare::Line::iterator node_ = place_.begin();
  const ListenerShare::Line::iterator node_at_address_ = place_at_address_.begin();
};

}  // namespace couponhook::server
