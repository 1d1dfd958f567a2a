#pragma once

/// \file
/// When to try again what has failed.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace couponhook::storage {

/// Each failure doubles the pause before the next attempt, up to a limit. Of each pause the second
/// half is left to chance, so that replicas that lost their server together do not all come back at
/// once.
class Backoff {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  Backoff(Milliseconds initial, Milliseconds longest, std::uint32_t seed)
      : initial_(initial), longest_(longest), pause_(initial), random_(seed) {}

  /// Whether the next attempt is due.
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
