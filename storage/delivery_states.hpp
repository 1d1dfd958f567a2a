#pragma once

/// \file
/// Names under which the database stores the state of a delivery and the result of an attempt.

#include <cstdint>
#include <string_view>

#include "storage/counter_deltas.hpp"

namespace couponhook::storage {

/// States of a delivery. The database holds these strings: never rename them.
namespace state {
/// The delivery is open, and no attempt has failed so far.
inline constexpr std::string_view kPending = "pending";
/// The delivery is open: at least one attempt failed, and the delivery is tried again.
inline constexpr std::string_view kRetrying = "retrying";
inline constexpr std::string_view kDone = "done";
/// The delivery is given up (a dead letter), until an operator retries it.
inline constexpr std::string_view kDead = "dead";
/// An operator dropped the delivery, so it is not made.
inline constexpr std::string_view kSkipped = "skipped";
}  // namespace state

/// Results of one attempt at a delivery. The database holds these strings: never rename them.
namespace outcome {
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kRetry = "retry";
inline constexpr std::string_view kDead = "dead";
/// The lease on the delivery ended, and the replica that held it reported no result.
inline constexpr std::string_view kLost = "lost";
inline constexpr std::string_view kSkipped = "skipped";
}  // namespace outcome

/// Number of attempts that are kept in the history of a delivery; when there are more, the oldest
/// are overwritten.
inline constexpr std::int64_t kAttemptsKept = 32;
[[nodiscard]] constexpr std::int64_t attempt_slot(std::int64_t attempt) {
  return attempt % kAttemptsKept;
}

/// \return the name of the stored total (see CounterDeltas) that counts the deliveries in this
/// state.
[[nodiscard]] constexpr std::string_view counter_of(std::string_view state) {
  if (state == state::kPending) return counter::kDeliveriesPending;
  if (state == state::kRetrying) return counter::kDeliveriesRetrying;
  if (state == state::kDone) return counter::kDeliveriesDone;
  if (state == state::kSkipped) return counter::kDeliveriesSkipped;
  return counter::kDeliveriesDead;
}

}  // namespace couponhook::storage
