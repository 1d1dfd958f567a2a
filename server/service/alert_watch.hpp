#pragma once

/// \file
/// Watches the service for what needs a person, and has the receivers of alerts told.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "server/alert/alerter.hpp"
#include "server/config/config.hpp"
#include "server/config/reload_units.hpp"
#include "server/log/log.hpp"
#include "server/receive/unknown_serials.hpp"
#include "server/service/live_setup.hpp"
#include "storage/reader.hpp"
#include "storage/store.hpp"
#include "storage/task_lease.hpp"

namespace couponhook::server {

/// Takes a snapshot of the service every two seconds, and passes it to the alerter. Runs on a
/// thread of its own, with its own store connections, so that a slow store delays only alerts.
/// Without an [[alert]] in the configuration there is no thread and no connection.
///
/// With several replicas, one of them holds the lease on alerts and tells what concerns the shared
/// store. Each replica tells what concerns itself.
class AlertWatch {
 public:
  /// Function that takes the reasons why this replica is not ready; nothing if they could not be
  /// found out.
  using ReadinessAnswer = std::function<void(std::optional<std::vector<std::string>> reasons)>;
  /// Function that asks for the reasons, and calls its argument with them on any thread.
  using AskReadiness = std::function<void(ReadinessAnswer done)>;

  /// Parts of the service that are watched. All must outlive the watch.
  struct Sources {
    storage::Store& store;
    LiveSetup& live;
    const ReloadCounters& reloads;
    const UnknownSerials& unknown_serials;
    AskReadiness ask_readiness;
    std::string replica;
    base::WallClock clock;
    AlertCounters& counters;
    Log& log;
    std::function<void(std::exception_ptr)> on_bug;
  };

  explicit AlertWatch(Sources sources);
  ~AlertWatch() { stop(); }
  AlertWatch(const AlertWatch&) = delete;
  AlertWatch& operator=(const AlertWatch&) = delete;

  /// Takes the receivers of a configuration, and starts the thread if there is one. Call this from
  /// one thread.
  /// \return the problem if the store connections cannot be opened.
  [[nodiscard]] std::optional<Problem> reconfigure(const Config& config);
  /// Asks the thread to stop; thread-safe.
  void ask_to_stop() { thread_.request_stop(); }
  /// Stops watching and sending. Safe to call twice.
  void stop();

 private:
  using Steady = std::chrono::steady_clock::time_point;
  /// Requests with one unknown serial.
  struct SerialActivity {
    std::uint64_t requests = 0;
    Steady last;
  };
  using SerialKey = std::pair<std::string, std::string>;

  void work(const std::stop_token& stop);
  [[nodiscard]] AlertFacts take_snapshot();
  void read_store(AlertFacts& facts);
  [[nodiscard]] AlertFacts::StoreView may_tell_of_store(AlertTime now);
  [[nodiscard]] bool read_dead(std::int64_t total, AlertFacts& facts);
  void read_keys(AlertFacts& facts) const;
  void read_unknown_keys(AlertFacts& facts);
  void read_readiness(AlertFacts& facts);

  const Sources sources_;
  Alerter alerter_;

  mutable std::mutex mutex_;
  /// Merchants whose certificates are downloaded; guarded by mutex_.
  std::vector<std::string> fetching_merchants_;

  // Used on the thread only, once it runs.
  std::optional<storage::Reader> reader_;
  std::unique_ptr<storage::Connection> lease_connection_;
  storage::TaskLease lease_;
  Steady lease_due_{};
  bool holds_lease_ = false;
  /// The dead deliveries as last read, and their total at that time.
  std::map<std::string, AlertFacts::DeadDeliveries> dead_;
  std::int64_t dead_total_ = -1;
  bool dead_is_complete_ = true;
  Steady dead_due_{};
  std::map<SerialKey, SerialActivity> serials_;
  std::optional<std::vector<std::string>> reasons_;
  Steady readiness_due_{};

  std::jthread thread_;  ///< declared last, because the thread uses all other members
};

}  // namespace couponhook::server
