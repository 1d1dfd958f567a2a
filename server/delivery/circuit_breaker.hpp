#pragma once

/// \file
/// Circuit breaker of a handler: stops calls to a target that is down, and tests whether it is
/// back.

#include <chrono>
#include <cstdint>

#include "server/net/task.hpp"

namespace couponhook::server {

struct BreakerLimits {
  int failures_to_open = 5;  ///< number of failures in a row that open the circuit breaker
  /// Time for which the circuit breaker first stays open. Each failed probe doubles this time, up
  /// to open_longest.
  std::chrono::milliseconds open_initial{1000};
  std::chrono::milliseconds open_longest{30000};
};

/// A circuit breaker with the usual three states. Closed: all calls to the target may begin. Open,
/// after enough failures in a row: no call may begin, and deliveries wait without using up
/// attempts. Half-open, after the open time: one call may begin, as a probe. If the probe succeeds,
/// the breaker closes; if it fails, the breaker opens again for twice as long.
///
/// The breaker counts failures of the target, not of deliveries. A reply with 410 or 429, for
/// example, shows that the target is up. The breaker reads no clock and does no I/O. Not
/// thread-safe.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  explicit CircuitBreaker(BreakerLimits limits) : limits_(limits), open_for_(limits.open_initial) {}

  /// Returns the number of calls to the target that may begin now, at most `wanted`.
  [[nodiscard]] int allowed(int wanted, SteadyClock::time_point now) const;
  /// Records that a call to the target begins. \return true if this call is the probe.
  bool began(SteadyClock::time_point now);
  void succeeded();
  /// Records that a call failed: the target could not be reached, or is not working.
  void failed(SteadyClock::time_point now);
  /// Records that the probe call was given up before it showed anything about the target.
  void abandoned();

  [[nodiscard]] State state(SteadyClock::time_point now) const;
  /// Returns true if the circuit breaker is open or half-open.
  [[nodiscard]] bool is_open() const { return open_; }
  /// Returns the time at which the next probe call may begin; only valid while the circuit breaker
  /// is open.
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
