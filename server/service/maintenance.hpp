#pragma once

/// \file
/// What the service does for its store when nobody asks.

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

/// What the configured retention lets go of now.
[[nodiscard]] storage::PurgeCutoffs purge_cutoffs(const StoreConfig& config, std::int64_t now_ms);

/// On a thread and a connection of its own: purges now and then, so gently that receipts do not
/// feel it (of several replicas one does it at a time), and looks every second whether the store is
/// still where its URL says, which nobody would notice while nothing comes in.
class Maintenance {
 public:
  /// Called on its thread where the store is not in its place. Must not throw.
  using FailureObserver = std::function<void(const storage::Failure&)>;

  struct Options {
    StoreConfig store;
    std::string owner;                      ///< another for each process
    std::chrono::milliseconds first_after;  ///< at random, so that replicas do not meet
    std::vector<std::string> served;        ///< handlers that deliveries are made to
  };
  Maintenance(std::unique_ptr<storage::Connection> connection, Options options, base::WallClock clock,
              FailureObserver on_failure, Log& log);
  /// As ask_to_stop(), and waits for the transaction that is under way.
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  /// From now on it begins no transaction.
  void ask_to_stop();

 private:
  void work();
  void purge();
  /// \return whether what is old may be told by the clock.
  [[nodiscard]] bool may_purge(std::int64_t now_ms);
  void mark_clock() noexcept;
  void check_place();
  /// Says once whose deliveries nobody makes, as soon as the store can be asked.
  void tell_unclaimed();
  /// \return false where it was stopped meanwhile.
  bool rest(std::chrono::steady_clock::duration time);
  void tell(const storage::PurgeCounts& counts);

  const std::unique_ptr<storage::Connection> connection_;
  const Options options_;
  const base::WallClock clock_;
  const FailureObserver on_failure_;
  Log& log_;
  bool was_in_place_ = true;
  std::string doubt_;  ///< about the clock, as it was told last

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  ///< protected by the mutex
  bool unclaimed_told_ = false;

  std::thread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
