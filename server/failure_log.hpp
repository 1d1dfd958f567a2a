#pragma once

/// \file
/// Tells of a store that fails without filling the log with it.

#include <mutex>
#include <string>

#include "server/clock.hpp"
#include "server/log.hpp"
#include "storage/failure.hpp"

namespace couponhook::server {

/// A store that is away fails every transaction in the same words: they are told once, and again
/// every few seconds. Thread-safe.
class FailureLog {
 public:
  explicit FailureLog(Log& log) : log_(log) {}

  void note(const storage::Failure& failure) {
    const auto now = SteadyClock::now();
    {
      const std::lock_guard lock(mutex_);
      if (failure.message == last_ && now - told_at_ < kSilence) return;
      last_ = failure.message;
      told_at_ = now;
    }
    log_.message(Severity::kError, "store_failed", failure.message);
  }

 private:
  static constexpr std::chrono::seconds kSilence{5};

  Log& log_;
  std::mutex mutex_;
  std::string last_;
  SteadyClock::time_point told_at_{};
};

}  // namespace couponhook::server
