#include "server/delivery/retry_schedule.hpp"

#include <algorithm>

namespace couponhook::server {

using std::chrono::milliseconds;

std::optional<milliseconds> next_wait(const RetryLimits& limits, int attempts,
                                      std::optional<milliseconds> asked_for,
                                      std::mt19937_64& random) {
  if (attempts >= limits.max_attempts) return std::nullopt;
  milliseconds ceiling = std::min(limits.initial, limits.longest);
  for (int doubled = 1; doubled < attempts && ceiling < limits.longest; ++doubled) {
    ceiling = std::min(ceiling * 2, limits.longest);
  }
  std::uniform_int_distribution<milliseconds::rep> jitter(0, ceiling.count());
  const milliseconds wait(jitter(random));
  return std::clamp(asked_for.value_or(milliseconds(0)), wait, std::max(wait, limits.longest));
}

}  // namespace couponhook::server
