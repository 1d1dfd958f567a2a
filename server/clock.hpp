#pragma once

/// \file
/// The time of day, passed in so that a test can say what it is.

#include <chrono>
#include <cstdint>
#include <functional>

namespace couponhook::server {

using WallClock = std::function<std::chrono::system_clock::time_point()>;

/// Milliseconds since the Unix epoch.
[[nodiscard]] inline std::int64_t to_unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace couponhook::server
