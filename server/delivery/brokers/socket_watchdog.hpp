#pragma once

/// \file
/// Deadlines for libraries whose calls have none.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace couponhook::server {

/// Shuts a socket down at a deadline, so that whatever call of a library waits on it fails at once:
/// a write to a peer that does not read, a TLS handshake, a reply that never comes. A thread of its
/// own waits meanwhile.
class SocketWatchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// \param fd of a connected socket, which must not be closed before this object's end.
  explicit SocketWatchdog(int fd);

  /// The deadline of what is called while this lives; one at a time for each watchdog.
  class Watch {
   public:
    Watch(SocketWatchdog& watchdog, TimePoint due) : watchdog_(watchdog) { watchdog_.arm(due); }
    ~Watch() { watchdog_.disarm(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    SocketWatchdog& watchdog_;
  };

  /// Whether a deadline passed: the socket is of no more use.
  [[nodiscard]] bool has_cut() const;

 private:
  void arm(TimePoint due);
  void disarm();
  void run(const std::stop_token& stop);

  const int fd_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<TimePoint> due_;  // guarded by mutex_, as is the next
  bool has_cut_ = false;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace couponhook::server
