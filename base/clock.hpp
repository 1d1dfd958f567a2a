#pragma once

/// \file
/// Types of clocks: functions that return the current time. The program passes a clock as a
/// parameter, so that a test can set the time.

#include <chrono>
#include <cstdint>
#include <functional>

namespace couponhook::base {

/// Function that returns the current wall-clock time.
using WallClock = std::function<std::chrono::system_clock::time_point()>;
/// Function that returns the current time of the monotonic clock, for timeouts and intervals. The
/// monotonic clock never jumps when somebody sets the computer's time.
using MonotonicClock = std::function<std::chrono::steady_clock::time_point()>;

/// Converts a time to milliseconds since the Unix epoch.
[[nodiscard]] inline std::int64_t to_unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace couponhook::base
