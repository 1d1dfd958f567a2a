#pragma once

/// \file
/// Shutdown watchdog: ends the process when an orderly shutdown takes too long.

#include <chrono>
#include <thread>

#include "server/log/log.hpp"

namespace couponhook::server {

/// Ends the process if the orderly shutdown does not finish in time. For example, a database that
/// does not answer can block a thread for longer than the service manager (such as systemd) waits.
/// No acknowledged notification is lost, because each was committed before its reply.
class ShutdownWatchdog {
 public:
  /// \param log the service's log, which must outlive this object.
  explicit ShutdownWatchdog(Log& log) : log_(log) {}
  /// Cancels the watchdog: the shutdown finished in time.
  ~ShutdownWatchdog() = default;
  ShutdownWatchdog(const ShutdownWatchdog&) = delete;
  ShutdownWatchdog& operator=(const ShutdownWatchdog&) = delete;

  /// Starts the watchdog; call it once. When the time is over, the watchdog writes a warning to the
  /// log and ends the process with exit code 0.
  /// \param timeout time that the orderly shutdown may take, from now on.
  void begin(std::chrono::milliseconds timeout);

 private:
  [[noreturn]] void end();

  Log& log_;
  std::jthread thread_;
};

}  // namespace couponhook::server
