#pragma once

/// \file
/// Enforces deadlines on broker libraries whose calls have no timeout, by shutting down their
/// socket.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace couponhook::server {

/// Shuts down a socket at a deadline, so that a library call that waits on the socket fails at
/// once: a write to a peer that does not read, a TLS handshake, or a reply that never comes. The
/// watchdog waits on its own thread.
class SocketWatchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Starts the watchdog's thread. \param fd a connected socket, which must stay open until this
  /// object is destroyed.
  explicit SocketWatchdog(int fd);

  /// Sets the watchdog's deadline for the calls made during this object's life. Only one Watch per
  /// watchdog may exist at a time.
  class Watch {
   public:
    Watch(SocketWatchdog& watchdog, TimePoint due) : watchdog_(watchdog) { watchdog_.arm(due); }
    ~Watch() { watchdog_.disarm(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    SocketWatchdog& watchdog_;
  };

  /// Returns true if a deadline has passed and the socket was shut down; the socket is then
  /// unusable.
  [[nodiscard]] bool has_cut() const;

 private:
  void arm(TimePoint due);
  void disarm();
  void run(const std::stop_token& stop);

  const int fd_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<TimePoint> due_;  // deadline of the watched call; mutex_ guards due_ and has_cut_
  bool has_cut_ = false;
  std::jthread thread_;  // The thread is declared last, because it uses the other members.
};

}  // namespace couponhook::server
