#pragma once

/// \file
/// Readiness check: tells a load balancer whether this replica can receive notifications.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "server/delivery/worker.hpp"
#include "server/net/task.hpp"
#include "server/receive/merchants.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

class CommitWait;

/// Readiness of this replica. It is ready when all of this holds:
///
/// - the last notification could be committed, or a row of its size since then
/// - commits do not take longer than senders wait for their replies
/// - a live key is loaded for each merchant
/// - the delivery worker is running
/// - nobody has asked the service to stop
///
/// Use it on one thread, except begin_drain().
class Readiness {
 public:
  /// All references must outlive this object.
  /// \param commit_max longest time that a commit may take: the time that senders wait for their
  ///   replies. A slow replica that still acknowledges in time is therefore ready.
  Readiness(storage::Inbox& inbox, const base::Live<Merchants>& merchants,
            const DeliveryWorker& worker, base::WallClock clock,
            std::chrono::milliseconds commit_max);

  /// Makes this replica not ready from now on. Thread-safe.
  void begin_drain() { draining_ = true; }

  /// Checks readiness. A commit of the last half second proves that the store works. Without one,
  /// this asks the store to commit a test row.
  /// \param patience longest wait for that row. When the commit takes longer, but not longer than
  ///   commit_max, the state of the store stays as it was.
  /// \return the reasons why this replica is not ready; empty when it is ready.
  [[nodiscard]] Task<std::vector<std::string>> reasons_against(std::chrono::milliseconds patience);

  /// Returns true if the store worked at the last check.
  [[nodiscard]] bool store_ok() const { return store_ok_; }

 private:
  [[nodiscard]] Task<std::string> reason_against_store(std::chrono::milliseconds patience);
  Task<void> ask_store(std::chrono::milliseconds patience);

  storage::Inbox& inbox_;
  const base::Live<Merchants>& merchants_;
  const DeliveryWorker& worker_;
  base::WallClock clock_;
  std::chrono::milliseconds commit_max_;
  std::atomic<bool> draining_{false};
  bool store_ok_ = true;
  SteadyClock::time_point asked_at_{};
  std::shared_ptr<CommitWait> asked_;  ///< last test row, committed or not
};

}  // namespace couponhook::server
