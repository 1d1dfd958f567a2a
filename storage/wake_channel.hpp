#pragma once

/// \file
/// Wakes the other services on the same store when there is new work.

#include <chrono>

namespace couponhook::storage {

/// Announces to the other services on the same store that there is work, and receives their
/// announcements. An announcement is only a hint and may be lost, so a waiting thread must also
/// look for work when its deadline has passed.
class WakeChannel {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~WakeChannel() = default;

  /// Waits until another service announces work, interrupt() is called, or the deadline passes.
  /// Only one thread may wait.
  /// \return true if another service announced work.
  [[nodiscard]] virtual bool wait(Deadline deadline) = 0;

  /// Makes the thread in wait() notify the other services. Thread-safe; does not block. Several
  /// calls in quick succession may be sent as one announcement.
  virtual void announce() noexcept = 0;
  /// Ends the current wait(), or the next one. Thread-safe; does not block.
  virtual void interrupt() noexcept = 0;
};

}  // namespace couponhook::storage
