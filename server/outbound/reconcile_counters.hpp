#pragma once

/// \file
/// Counters of the scheduled reconciliation since the service started.

#include <cstdint>
#include <mutex>
#include <string>

namespace couponhook::server {

/// Results of comparisons between the store and WeChat Pay's own records.
struct ReconcileCounts {
  /// Number of comparisons. One comparison covers a flow file (settlement file of a coupon stock),
  /// or the coupons of recent users.
  std::uint64_t comparisons = 0;
  /// Number of entries in WeChat Pay's records that were compared.
  std::uint64_t in_platform = 0;
  /// Number of entries of WeChat Pay's records that the store lacks and that no notification will
  /// bring any more.
  std::uint64_t missing = 0;
  /// Number of missing entries that reconciliation has stored.
  std::uint64_t admitted = 0;
  /// Number of entries that are in the store, but with other content than in WeChat Pay's records.
  std::uint64_t differing = 0;
  /// Number of users whose coupons could not all be read.
  std::uint64_t skipped_users = 0;
  /// Number of comparisons that failed, completely or in part.
  std::uint64_t failures = 0;
  /// Time at which the last comparison ended, in Unix milliseconds; 0 if there was none yet.
  std::int64_t last_ms = 0;
  std::string last_failure{};
};

/// Sums of the results of all comparisons since the service started. Thread-safe.
class ReconcileCounters {
 public:
  [[nodiscard]] ReconcileCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  void add(const ReconcileCounts& found) {
    const std::lock_guard lock(mutex_);
    counts_.comparisons += found.comparisons;
    counts_.in_platform += found.in_platform;
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
