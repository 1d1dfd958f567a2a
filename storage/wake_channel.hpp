#pragma once

/// \file
/// Interface for waking the other services on the same store when there are new deliveries.

#include <chrono>

namespace couponhook::storage {

/// Tells the other services on the same store that there are new deliveries, and receives such
/// announcements from them. An announcement is only a hint and may be lost, so a service must also
/// look for deliveries at regular intervals.
class WakeChannel {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~WakeChannel() = default;

  /// Waits until another service announces new deliveries, interrupt() is called, or the deadline
  /// passes. Only one thread may wait.
  /// \return true if another service has announced new deliveries.
  [[nodiscard]] virtual bool wait(Deadline deadline) = 0;

  /// Asks the thread in wait() to tell the other services that there are new deliveries.
  /// Thread-safe; does not block. Several calls in quick succession may be sent as one
  /// announcement.
  virtual void announce() noexcept = 0;
  /// Ends the current call of wait(), or the next call if none is running. Thread-safe; does not
  /// block.
  virtual void interrupt() noexcept = 0;
};

}  // namespace couponhook::storage
