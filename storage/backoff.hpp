#pragma once

/// \file
/// Exponential backoff: computes the pause before a failed operation, such as a connection attempt,
/// is tried again.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace couponhook::storage {

/// Doubles the pause after each failure, up to a limit. Each pause is a random time between half of
/// its length and its full length, so that replicas that lost their database at the same time do
/// not all reconnect at the same time.
class Backoff {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  Backoff(Milliseconds initial, Milliseconds longest, std::uint32_t seed)
      : initial_(initial), longest_(longest), pause_(initial), random_(seed) {}

  /// Returns true if the pause after the last failure is over, so that the operation may be tried
  /// again now.
  [[nodiscard]] bool is_due(TimePoint now) const { return now >= next_; }
  void failed(TimePoint now) {
    std::uniform_int_distribution<Milliseconds::rep> chance(pause_.count() / 2, pause_.count());
    next_ = now + Milliseconds(chance(random_));
    pause_ = std::min(pause_ * 2, longest_);
  }
  void succeeded() {
    pause_ = initial_;
    next_ = {};
  }

 private:
  Milliseconds initial_;
  Milliseconds longest_;
  Milliseconds pause_;
  TimePoint next_{};
  std::minstd_rand random_;
};

}  // namespace couponhook::storage
