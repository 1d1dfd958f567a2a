#pragma once

/// \file
/// Retry schedule of failed deliveries: exponential backoff and the limit of attempts.

#include <chrono>
#include <optional>
#include <random>

namespace couponhook::server {

struct RetryLimits {
  std::chrono::milliseconds initial{1000};
  std::chrono::milliseconds longest{600000};
  int max_attempts = 25;
};

/// Computes the time to wait before the next attempt of a delivery: exponential backoff with full
/// jitter. After attempt n, the wait is a random time between 0 and initial * 2^(n-1), limited to
/// `longest`. Each wait is random, so that deliveries that failed together are not retried
/// together.
///
/// \param attempts number of attempts so far, at least 1.
/// \param asked_for the target's Retry-After. The wait is at least this long, but never longer than
///   `longest`.
/// \return nothing if `attempts` has reached max_attempts.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_wait(
    const RetryLimits& limits, int attempts, std::optional<std::chrono::milliseconds> asked_for,
    std::mt19937_64& random);

}  // namespace couponhook::server
