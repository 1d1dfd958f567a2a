#pragma once

/// \file
/// Whether notifications can be committed, as the last attempts say.

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "storage/admit_batch.hpp"

namespace couponhook::storage {

/// A store is failing from a notification that it could not keep until one is kept, or a probe that
/// is larger: on a disk that is nearly full a small row fits where a notification does not. Not
/// thread-safe.
class CommitHealth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Something waits for a commit, and nothing did before.
  void begin_waiting(TimePoint now) { stalled_since_ = now; }
  void committed(std::span<const Work> batch, TimePoint now);
  /// These were not committed, and will not be tried again.
  void refused(std::span<const Work> batch, TimePoint now);

  [[nodiscard]] bool failing() const { return failed_bytes_.has_value(); }
  /// How large the row of a probe is to be now.
  [[nodiscard]] std::size_t probe_bytes() const;
  /// For how long what waits has seen neither a commit nor a refusal.
  [[nodiscard]] std::chrono::milliseconds stalled_for(TimePoint now) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - stalled_since_);
  }

 private:
  TimePoint stalled_since_{};
  /// The largest notification that has failed since one was kept; 0 where only a probe has.
  std::optional<std::size_t> failed_bytes_;
};

}  // namespace couponhook::storage
