#pragma once

/// \file
/// Spares a target that is down, and finds out when it is back.

#include <chrono>
#include <cstdint>

#include "server/net/task.hpp"

namespace couponhook::server {

struct BreakerLimits {
  int failures_to_open = 5;                      ///< in a row
  std::chrono::milliseconds open_initial{1000};  ///< doubles with each probe that fails
  std::chrono::milliseconds open_longest{30000};
};

/// Closed: everything may go. After enough failures in a row it opens: nothing goes, and deliveries
/// wait where they are, without using up attempts. When its time is over one probe goes
/// (half-open): if that succeeds everything goes again, if not it stays open for twice as long.
///
/// What the target says counts, not whether the delivery is over: 410 and 429 come from a target
/// that is there. Knows no clock and no I/O. Not thread-safe.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  explicit CircuitBreaker(BreakerLimits limits) : limits_(limits), open_for_(limits.open_initial) {}

  /// How many calls may begin now, `wanted` at most.
  [[nodiscard]] int allowed(int wanted, SteadyClock::time_point now) const;
  /// A call begins. \return whether it is the probe.
  bool began(SteadyClock::time_point now);
  void succeeded();
  /// The target could not be reached, or failed.
  void failed(SteadyClock::time_point now);
  /// A call was given up before it said anything of the target.
  void abandoned();

  [[nodiscard]] State state(SteadyClock::time_point now) const;
  /// Open or half-open.
  [[nodiscard]] bool is_open() const { return open_; }
  /// When it is worth asking again; only of use while open.
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
