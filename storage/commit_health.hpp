#pragma once

/// \file
/// Tracks whether the store can commit notifications, judging by the results of the last commits.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "storage/admit_batch.hpp"

namespace couponhook::storage {

/// Health of the store. The store counts as failing after it could not commit a notification. It
/// counts as healthy again after it has committed a new notification, or a test row that is larger
/// than the largest notification that failed: a disk that is nearly full may have room for a small
/// row, but not for a notification. Not thread-safe.
class CommitHealth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void committed(std::span<const Work> batch, TimePoint now);
  /// Call this function when a batch of requests could not be committed and will not be tried
  /// again.
  void refused(std::span<const Work> batch, TimePoint now);

  [[nodiscard]] bool failing() const { return failed_bytes_.has_value(); }
  /// \return the size in bytes that the next test row must have.
  [[nodiscard]] std::size_t probe_bytes() const;
  /// \param waiting_since time at which requests began to wait for a commit.
  /// \return the time since the last commit, the last refused batch, or `waiting_since`, whichever
  /// is latest.
  [[nodiscard]] std::chrono::milliseconds stalled_for(TimePoint waiting_since,
                                                      TimePoint now) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        now - std::max(waiting_since, last_end_));
  }

 private:
  TimePoint last_end_{};  ///< time of the last commit or refused batch
  /// Size in bytes of the largest notification that could not be committed since the last
  /// successful commit; 0 if only a test row failed; empty if the store is healthy.
  std::optional<std::size_t> failed_bytes_;
};

}  // namespace couponhook::storage
