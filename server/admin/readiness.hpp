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

/// Readiness of this replica. The replica is ready when all of these conditions are true:
///
/// - The store could commit the last notification, or a test row after it.
/// - A commit takes no longer than senders wait for their replies.
/// - A valid key is loaded for each merchant.
/// - The delivery worker is running.
/// - Nobody has asked the service to stop.
///
/// Use this object on one thread only, except begin_drain().
class Readiness {
 public:
  /// All referenced objects must outlive this object.
  /// \param commit_max longest time that a commit may take: the time that senders wait for their
  ///   replies. So a replica that is slow, but still replies in time, is ready.
  Readiness(storage::Inbox& inbox, const base::Live<Merchants>& merchants,
            const DeliveryWorker& worker, base::WallClock clock,
            std::chrono::milliseconds commit_max);

  /// Makes this replica report "not ready" from now on, because it is about to stop. Thread-safe.
  void begin_drain() { draining_ = true; }

  /// Checks readiness. A commit within the last half second proves that the store works. If there
  /// was none, this function asks the store to commit a test row.
  /// \param timeout longest wait for the commit of the test row. If the commit takes longer than
  ///   this, but not longer than commit_max, the last known state of the store still counts.
  /// \return the reasons why this replica is not ready; empty when it is ready.
  [[nodiscard]] Task<std::vector<std::string>> reasons_against(std::chrono::milliseconds timeout);

  /// Returns true if the store could commit at the last check.
  [[nodiscard]] bool store_ok() const { return store_ok_; }

 private:
  [[nodiscard]] Task<std::string> reason_against_store(std::chrono::milliseconds timeout);
  Task<void> ask_store(std::chrono::milliseconds timeout);

  storage::Inbox& inbox_;
  const base::Live<Merchants>& merchants_;
  const DeliveryWorker& worker_;
  base::WallClock clock_;
  std::chrono::milliseconds commit_max_;
  std::atomic<bool> draining_{false};
  bool store_ok_ = true;
  SteadyClock::time_point asked_at_{};
  /// The last test row that the store was asked to commit, whether it is committed or not.
  std::shared_ptr<CommitWait> asked_;
};

}  // namespace couponhook::server
