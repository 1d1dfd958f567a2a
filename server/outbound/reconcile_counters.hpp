#pragma once

/// \file
/// What the scheduled reconciliation has found since the service started.

#include <cstdint>
#include <mutex>
#include <string>

namespace couponhook::server {

struct ReconcileCounts {
  std::uint64_t comparisons = 0;    ///< with a flow, or with the coupons of the users of late
  std::uint64_t in_books = 0;       ///< what WeChat Pay's records told in these
  std::uint64_t missing = 0;        ///< of it, what had never arrived and was not about to
  std::uint64_t admitted = 0;       ///< of that, what was stored
  std::uint64_t differing = 0;      ///< what the store tells differently
  std::uint64_t skipped_users = 0;  ///< of whom not all could be read
  std::uint64_t failures = 0;       ///< comparisons that could not be made, or not completely
  std::int64_t last_ms = 0;         ///< when the last comparison ended; 0: none yet
  std::string last_failure{};
};

/// Thread-safe.
class ReconcileTally {
 public:
  [[nodiscard]] ReconcileCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  void add(const ReconcileCounts& found) {
    const std::lock_guard lock(mutex_);
    counts_.comparisons += found.comparisons;
    counts_.in_books += found.in_books;
    counts_.missing += found.missing;
    counts_.admitted += found.admitted;
    counts_.differing += found.differing;
    counts_.skipped_users += found.skipped_users;
    counts_.failures += found.failures;
    if (found.last_ms != 0) counts_.last_ms = found.last_ms;
    if (!found.last_failure.empty()) counts_.last_failure = found.last_failure;
  }

 private:
  mutable std::mutex mutex_;
  ReconcileCounts counts_;
};

}  // namespace couponhook::server
