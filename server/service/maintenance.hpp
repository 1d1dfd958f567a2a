#pragma once

/// \file
/// Background maintenance of the store: purges old data, and checks that the store is still where
/// its URL says.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "server/admin/history_recorder.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "storage/connection.hpp"
#include "storage/retention/purge.hpp"

namespace couponhook::server {

/// Returns, for each kind of data, the time before which data is old and is removed now. These
/// times follow from the retention days in the configuration.
[[nodiscard]] storage::PurgeCutoffs purge_cutoffs(const StoreConfig& config, std::int64_t now_ms);

/// Maintenance thread, with its own store connection. It purges data whose retention time is over,
/// slowly enough not to delay new notifications; with several replicas, only one purges at a time.
/// Every second it also checks that the store is still where its URL says. Without this check,
/// nobody would notice a moved or deleted store until the next notification. At the beginning of
/// each minute it writes the counters into the history.
class Maintenance {
 public:
  /// Function that the maintenance thread calls when the store is not where its URL says. The
  /// function must not throw.
  using FailureObserver = std::function<void(const storage::Failure&)>;

  struct Options {
    StoreConfig store;
    /// Name of this process as the owner of the purge lease. The name must be unique for each
    /// process.
    std::string owner;
    /// Time from the start of the service to the first purge. The time is random, so that replicas
    /// do not all purge at once.
    std::chrono::milliseconds first_after;
    /// Names of the handlers that receive deliveries.
    std::vector<std::string> served;
  };
  Maintenance(std::unique_ptr<storage::Connection> connection, Options options,
              base::WallClock clock, FailureObserver on_failure, HistoryRecorder& history,
              Log& log);
  /// Calls ask_to_stop(), waits for the running transaction, checks once more that the store is
  /// still where its URL says, and writes the last counts into the history.
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  /// Asks the maintenance thread to stop. The thread begins no more transactions.
  void ask_to_stop();

 private:
  void work();
  void purge();
  /// Checks the wall clock before a purge: a clock that is set to the future would make all data
  /// look old.
  /// \return false, and logs the reason, if the wall clock may be wrong.
  [[nodiscard]] bool may_purge(std::int64_t now_ms);
  void mark_clock() noexcept;
  void check_place();
  void write_history();
  void delete_old_history(std::int64_t now_ms);
  /// Logs once which handlers have open deliveries but are not configured. If the store does not
  /// answer, the next call tries again.
  void log_unclaimed();
  /// Sleeps for the duration `time`. While it sleeps, checks every second that the store is still
  /// where its URL says.
  /// \return false if the thread was asked to stop.
  bool rest(std::chrono::steady_clock::duration time);
  void log_purge(const storage::PurgeCounts& counts);

  const std::unique_ptr<storage::Connection> connection_;
  const Options options_;
  const base::WallClock clock_;
  const FailureObserver on_failure_;
  HistoryRecorder& history_;
  Log& log_;
  bool was_in_place_ = true;
  /// False if the last write of the history failed: then the store does not answer, and the end of
  /// the service does not wait for it.
  bool history_written_ = true;
  /// The reason, as last reported, why the wall clock may be wrong; empty if the clock seems right.
  std::string clock_error_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  ///< true if the thread was asked to stop; guarded by mutex_
  bool unclaimed_logged_ = false;

  std::thread thread_;  ///< declared last, because the thread uses all other members
};

}  // namespace couponhook::server
