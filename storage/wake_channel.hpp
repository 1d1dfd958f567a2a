#pragma once

/// \file
/// How services that share a store wake each other.

#include <chrono>

namespace couponhook::storage {

/// Tells the other services on the same store that there is something to do, and hears it from
/// them. A hint and no more: one may be lost, so whoever waits looks for work at the deadline too.
class WakeChannel {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~WakeChannel() = default;

  /// Waits on one thread: for another service's announcement, for interrupt(), or for the deadline.
  /// \return whether there was an announcement.
  [[nodiscard]] virtual bool wait(Deadline deadline) = 0;

  /// Has whoever waits tell the other services. Thread-safe; does not block. What is announced in
  /// quick succession may be told once.
  virtual void announce() noexcept = 0;
  /// Ends the wait, or the next one. Thread-safe; does not block.
  virtual void interrupt() noexcept = 0;
};

}  // namespace couponhook::storage
