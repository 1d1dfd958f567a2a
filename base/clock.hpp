#pragma once

/// \file
/// Types of clocks: functions that return the current time. Clocks are passed as parameters, so
/// that tests control the time.

#include <chrono>
#include <cstdint>
#include <functional>

namespace couponhook::base {

/// Function that returns the current wall-clock time.
using WallClock = std::function<std::chrono::system_clock::time_point()>;
/// Function that returns the current monotonic time, for timeouts and intervals.
using MonotonicClock = std::function<std::chrono::steady_clock::time_point()>;

/// Converts a time to milliseconds since the Unix epoch.
[[nodiscard]] inline std::int64_t to_unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace couponhook::base
