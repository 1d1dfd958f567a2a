#pragma once

/// \file
/// Clocks, passed in so that a test can say what time it is.

#include <chrono>
#include <cstdint>
#include <functional>

namespace couponhook::base {

/// The time of day.
using WallClock = std::function<std::chrono::system_clock::time_point()>;
/// Time that only goes on: for waits.
using MonotonicClock = std::function<std::chrono::steady_clock::time_point()>;

/// Milliseconds since the Unix epoch.
[[nodiscard]] inline std::int64_t to_unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace couponhook::base
