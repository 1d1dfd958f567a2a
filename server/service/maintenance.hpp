#pragma once

/// \file
/// Background maintenance of the store: retention (purge) and a check that the store is still in
/// its place.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "storage/connection.hpp"
#include "storage/retention/purge.hpp"

namespace couponhook::server {

/// Times before which data is removed now, from the configured retention days.
[[nodiscard]] storage::PurgeCutoffs purge_cutoffs(const StoreConfig& config, std::int64_t now_ms);

/// Maintenance thread, with its own connection. It purges data whose retention time is over, slowly
/// enough not to delay new notifications; with several replicas, one purges at a time. Every second
/// it also checks that the store is still where its URL says. Without this check, a moved or
/// deleted store would stay unnoticed until the next notification.
class Maintenance {
 public:
  /// Called on the maintenance thread when the store is not in its place. Must not throw.
  using FailureObserver = std::function<void(const storage::Failure&)>;

  struct Options {
    StoreConfig store;
    std::string owner;  ///< unique for each process
    /// Delay of the first purge. It is random, so that replicas do not all purge at once.
    std::chrono::milliseconds first_after;
    std::vector<std::string> served;  ///< names of the handlers that receive deliveries
  };
  Maintenance(std::unique_ptr<storage::Connection> connection, Options options,
              base::WallClock clock, FailureObserver on_failure, Log& log);
  /// Calls ask_to_stop(), waits for the running transaction, and checks the store's place once
  /// more.
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  /// Makes the thread begin no more transactions.
  void ask_to_stop();

 private:
  void work();
  void purge();
  /// Returns false, and logs the reason, when the wall clock may be wrong: a clock in the future
  /// would make all data look old.
  [[nodiscard]] bool may_purge(std::int64_t now_ms);
  void mark_clock() noexcept;
  void check_place();
  /// Logs once which handlers with open deliveries are not configured. Retries until the store has
  /// answered.
  void tell_unclaimed();
  /// Sleeps, and checks the store's place every second meanwhile.
  /// \return false if the thread was asked to stop.
  bool rest(std::chrono::steady_clock::duration time);
  void tell(const storage::PurgeCounts& counts);

  const std::unique_ptr<storage::Connection> connection_;
  const Options options_;
  const base::WallClock clock_;
  const FailureObserver on_failure_;
  Log& log_;
  bool was_in_place_ = true;
  std::string doubt_;  ///< last reported doubt about the clock

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  ///< guarded by mutex_
  bool unclaimed_told_ = false;

  std::thread thread_;  ///< last member, because the thread uses all others
};

}  // namespace couponhook::server
