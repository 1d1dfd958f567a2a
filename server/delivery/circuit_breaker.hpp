#pragma once

/// \file
/// Circuit breaker of a handler: stops calls to a target that is down, and tests when it is back.

#include <chrono>
#include <cstdint>

#include "server/net/task.hpp"

namespace couponhook::server {

struct BreakerLimits {
  int failures_to_open = 5;  ///< failures in a row that open the breaker
  /// Doubled by each failed probe, up to open_longest.
  std::chrono::milliseconds open_initial{1000};
  std::chrono::milliseconds open_longest{30000};
};

/// A circuit breaker with the usual three states. Closed: all calls may begin. Open, after enough
/// failures in a row: no call may begin, and deliveries wait without using up attempts. Half-open,
/// after the open time: one call may begin, as a probe. If the probe succeeds, the breaker closes;
/// if it fails, the breaker opens again for twice as long.
///
/// The breaker counts failures of the target, not of deliveries. A reply with 410 or 429, for
/// example, shows that the target is up. The breaker reads no clock and does no I/O. Not
/// thread-safe.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  explicit CircuitBreaker(BreakerLimits limits) : limits_(limits), open_for_(limits.open_initial) {}

  /// Returns how many of `wanted` calls may begin now.
  [[nodiscard]] int allowed(int wanted, SteadyClock::time_point now) const;
  /// Records that a call begins. \return true if this call is the probe.
  bool began(SteadyClock::time_point now);
  void succeeded();
  /// Records that the target could not be reached, or failed.
  void failed(SteadyClock::time_point now);
  /// Records that the probe was given up before it showed anything about the target.
  void abandoned();

  [[nodiscard]] State state(SteadyClock::time_point now) const;
  /// Returns true if the breaker is open or half-open.
  [[nodiscard]] bool is_open() const { return open_; }
  /// Returns when the next probe may begin; only valid while the breaker is open.
  [[nodiscard]] SteadyClock::time_point opens_until() const { return open_until_; }

 private:
  BreakerLimits limits_;
  std::chrono::milliseconds open_for_;
  SteadyClock::time_point open_until_{};
  int failures_ = 0;
  bool open_ = false;
  bool probing_ = false;
};

}  // namespace couponhook::server
