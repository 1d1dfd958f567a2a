#pragma once

/// \file
/// The words that the store writes for a delivery's state and for what became of an attempt.

#include <cstdint>
#include <string_view>

#include "storage/counter_deltas.hpp"

namespace couponhook::storage {

/// States. Stored: never rename them.
namespace state {
inline constexpr std::string_view kPending = "pending";    ///< open, never failed
inline constexpr std::string_view kRetrying = "retrying";  ///< open, failed at least once
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kDead = "dead";        ///< given up, until an operator retries it
inline constexpr std::string_view kSkipped = "skipped";  ///< dropped by an operator
}  // namespace state

/// What became of an attempt. Stored: never rename them.
namespace outcome {
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kRetry = "retry";
inline constexpr std::string_view kDead = "dead";
inline constexpr std::string_view kLost = "lost";  ///< its lease ended without a report
inline constexpr std::string_view kSkipped = "skipped";
}  // namespace outcome

/// Attempts of a delivery whose history is kept: the latest.
inline constexpr std::int64_t kAttemptsKept = 32;
[[nodiscard]] constexpr std::int64_t attempt_slot(std::int64_t attempt) {
  return attempt % kAttemptsKept;
}

/// The total that counts the deliveries of a state.
[[nodiscard]] constexpr std::string_view counter_of(std::string_view state) {
  if (state == state::kPending) return counter::kDeliveriesPending;
  if (state == state::kRetrying) return counter::kDeliveriesRetrying;
  if (state == state::kDone) return counter::kDeliveriesDone;
  if (state == state::kSkipped) return counter::kDeliveriesSkipped;
  return counter::kDeliveriesDead;
}

}  // namespace couponhook::storage
