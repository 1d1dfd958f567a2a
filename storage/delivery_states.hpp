#pragma once

/// \file
/// Names that the database stores for the state of a delivery and for the result of an attempt.

#include <cstdint>
#include <string_view>

#include "storage/counter_deltas.hpp"

namespace couponhook::storage {

/// States of a delivery. The database holds these strings: never rename them.
namespace state {
inline constexpr std::string_view kPending = "pending";    ///< open: no failed attempt so far
inline constexpr std::string_view kRetrying = "retrying";  ///< open: to be tried again
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kDead = "dead";        ///< given up, until an operator retries it
inline constexpr std::string_view kSkipped = "skipped";  ///< dropped by an operator
}  // namespace state

/// Results of one attempt at a delivery. The database holds these strings: never rename them.
namespace outcome {
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kRetry = "retry";
inline constexpr std::string_view kDead = "dead";
inline constexpr std::string_view kLost = "lost";  ///< the lease ended and no result was reported
inline constexpr std::string_view kSkipped = "skipped";
}  // namespace outcome

/// Number of attempts that the history of a delivery keeps: the latest ones.
inline constexpr std::int64_t kAttemptsKept = 32;
[[nodiscard]] constexpr std::int64_t attempt_slot(std::int64_t attempt) {
  return attempt % kAttemptsKept;
}

/// \return the name of the total (CounterDeltas) that counts the deliveries in this state.
[[nodiscard]] constexpr std::string_view counter_of(std::string_view state) {
  if (state == state::kPending) return counter::kDeliveriesPending;
  if (state == state::kRetrying) return counter::kDeliveriesRetrying;
  if (state == state::kDone) return counter::kDeliveriesDone;
  if (state == state::kSkipped) return counter::kDeliveriesSkipped;
  return counter::kDeliveriesDead;
}

}  // namespace couponhook::storage
