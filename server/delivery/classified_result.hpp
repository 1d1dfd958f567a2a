#pragma once

/// \file
/// Classifies the result of a handler call: the delivery is done, is retried later, or is dead.

#include <cstdint>
#include <random>
#include <string>

#include "server/delivery/retry_schedule.hpp"
#include "server/delivery/sender.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// A finished handler call, and its result as it is recorded in the store.
struct ClassifiedResult {
  Called call;
  storage::DeliveryResult result = storage::DeliveryResult::kDone;
  /// Time of the next attempt, in milliseconds since the Unix epoch; only for kRetry.
  std::int64_t due_at_ms = 0;
  std::string reason{};      ///< reason of the failed handler call, for the log
  std::string last_error{};  ///< reason and details of the failed handler call, for the store
};

/// Classifies a finished call. A delivery whose attempts are used up is dead.
/// \param now_ms current time in milliseconds since the Unix epoch.
/// \param random spreads the retries over time.
[[nodiscard]] ClassifiedResult classify_call(Called&& call, const RetryLimits& retries,
                                             std::int64_t now_ms, std::mt19937_64& random);

}  // namespace couponhook::server
