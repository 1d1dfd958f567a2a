#pragma once

/// \file
/// When a delivery that failed is tried again, and when no more.

#include <chrono>
#include <optional>
#include <random>

namespace couponhook::server {

struct RetryLimits {
  std::chrono::milliseconds initial{1000};
  std::chrono::milliseconds longest{600000};
  int max_attempts = 25;
};

/// Exponential backoff with full jitter: after the n-th attempt a wait between nothing and
/// initial * 2^(n-1), that no longer than the longest. Drawn anew each time, so that what failed
/// together does not come back together.
///
/// \param attempts made so far, at least 1.
/// \param asked_for what the target asked for (Retry-After): the wait is no shorter, though never
///   longer than the longest.
/// \return nothing where attempts have reached max_attempts.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_wait(
    const RetryLimits& limits, int attempts, std::optional<std::chrono::milliseconds> asked_for,
    std::mt19937_64& random);

}  // namespace couponhook::server
