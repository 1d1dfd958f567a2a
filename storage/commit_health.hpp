#pragma once

/// \file
/// Tracks whether notifications can be committed, by the results of the last attempts.

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "storage/admit_batch.hpp"

namespace couponhook::storage {

/// A store counts as failing after it could not keep a notification. It counts as healthy again
/// after it has kept a new notification, or a probe that is larger than the largest notification
/// that failed: a disk that is nearly full may have room for a small row, but not for a
/// notification. Not thread-safe.
class CommitHealth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Call when something begins to wait for a commit and nothing was waiting before.
  void begin_waiting(TimePoint now) { stalled_since_ = now; }
  void committed(std::span<const Work> batch, TimePoint now);
  /// Call when this batch was not committed and will not be tried again.
  void refused(std::span<const Work> batch, TimePoint now);

  [[nodiscard]] bool failing() const { return failed_bytes_.has_value(); }
  /// \return the number of bytes that the row of the next probe must have.
  [[nodiscard]] std::size_t probe_bytes() const;
  /// \return the time since the last commit, refusal, or beginning of waiting. Valid only while
  /// something waits for a commit.
  [[nodiscard]] std::chrono::milliseconds stalled_for(TimePoint now) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - stalled_since_);
  }

 private:
  TimePoint stalled_since_{};
  /// Size of the largest notification that has failed since one was kept; 0 if only a probe has
  /// failed; empty if the store is healthy.
  std::optional<std::size_t> failed_bytes_;
};

}  // namespace couponhook::storage
