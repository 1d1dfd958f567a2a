#pragma once

/// \file
/// Whether this replica should be sent notifications.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/delivery/worker.hpp"
#include "server/receive/merchants.hpp"
#include "server/net/task.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

class CommitWait;

/// Ready means: the last notification could be committed, or a row of its size since, and commits
/// do not take longer than senders wait for their replies; a live key is loaded for each merchant,
/// the delivery worker goes round, and nobody has asked us to stop. Used on one thread, but for
/// begin_drain().
class Readiness {
 public:
  /// All references must outlive this object.
  /// \param commit_max how long a commit may take: as long as senders wait for their replies, so
  ///   that a replica which acknowledges what it is sent, however slowly, is ready.
  Readiness(storage::Inbox& inbox, const Live<Merchants>& merchants, const DeliveryWorker& worker,
            base::WallClock clock, std::chrono::milliseconds commit_max);

  /// Not ready from now on. Thread-safe.
  void begin_drain() { draining_ = true; }

  /// Takes a commit of the last half second for an answer, or else asks for a row to be committed.
  /// \param patience how long to wait for that: what is under way for longer, but not too long yet,
  ///   leaves the answer as it was.
  /// \return why not, in words; empty where ready.
  [[nodiscard]] Task<std::vector<std::string>> reasons_against(std::chrono::milliseconds patience);

  /// What was found of the store when it was last looked at.
  [[nodiscard]] bool store_ok() const { return store_ok_; }

 private:
  [[nodiscard]] Task<std::string> reason_against_store(std::chrono::milliseconds patience);
  Task<void> ask_store(std::chrono::milliseconds patience);

  storage::Inbox& inbox_;
  const Live<Merchants>& merchants_;
  const DeliveryWorker& worker_;
  base::WallClock clock_;
  std::chrono::milliseconds commit_max_;
  std::atomic<bool> draining_{false};
  bool store_ok_ = true;
  SteadyClock::time_point asked_at_{};
  std::shared_ptr<CommitWait> asked_;  ///< the last question, answered or not
};

}  // namespace couponhook::server
