#pragma once

/// \file
/// The end that waits for nobody.

#include <chrono>
#include <thread>

#include "server/log/log.hpp"

namespace couponhook::server {

/// Ends the process where an orderly end takes too long: a database that does not answer can keep
/// a thread for longer than whoever asked the service to stop has patience. Nothing that was
/// acknowledged is lost by it, since that was committed before.
class ForcedEnd {
 public:
  /// \param log must outlive this object.
  explicit ForcedEnd(Log& log) : log_(log) {}
  /// Calls it off.
  ~ForcedEnd() = default;
  ForcedEnd(const ForcedEnd&) = delete;
  ForcedEnd& operator=(const ForcedEnd&) = delete;

  /// Called once. Says so in the log when it comes to that, and ends with exit code 0.
  /// \param patience how long the orderly end may take, from now on.
  void begin(std::chrono::milliseconds patience);

 private:
  [[noreturn]] void end();

  Log& log_;
  std::jthread thread_;
};

}  // namespace couponhook::server
