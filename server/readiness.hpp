#pragma once

/// \file
/// Whether this replica should be sent notifications.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/clock.hpp"
#include "server/delivery/worker.hpp"
#include "server/merchants.hpp"
#include "server/net/task.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// Ready means: a row can be committed now, a live key is loaded for each merchant, the delivery
/// worker goes round, and nobody has asked us to stop. Used on one thread, but for begin_drain().
class Readiness {
 public:
  /// All references must outlive this object.
  Readiness(storage::Inbox& inbox, const Live<Merchants>& merchants, const DeliveryWorker& worker,
            WallClock clock);

  /// Not ready from now on. Thread-safe.
  void begin_drain() { draining_ = true; }

  /// Takes a commit of the last half second for an answer, or else commits a row to see.
  /// \param patience how long that may take.
  /// \return why not, in words; empty where ready.
  [[nodiscard]] Task<std::vector<std::string>> reasons_against(std::chrono::milliseconds patience);

  /// What the last commit said of the store.
  [[nodiscard]] bool store_ok() const { return store_ok_; }

 private:
  [[nodiscard]] Task<bool> store_commits(std::chrono::milliseconds patience);

  storage::Inbox& inbox_;
  const Live<Merchants>& merchants_;
  const DeliveryWorker& worker_;
  WallClock clock_;
  std::atomic<bool> draining_{false};
  bool store_ok_ = true;
  SteadyClock::time_point checked_at_{};
  std::uint64_t commits_seen_ = 0;
  std::optional<SteadyClock::time_point> unanswered_since_;
};

}  // namespace couponhook::server
