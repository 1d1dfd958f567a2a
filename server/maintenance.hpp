#pragma once

/// \file
/// What the service does for its store when nobody asks.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "server/clock.hpp"
#include "server/config/config.hpp"
#include "server/log.hpp"
#include "storage/connection.hpp"
#include "storage/purge.hpp"

namespace couponhook::server {

/// What the configured retention lets go of now.
[[nodiscard]] storage::PurgeCutoffs purge_cutoffs(const StoreConfig& config, std::int64_t now_ms);

/// Purges now and then, on a thread and a connection of its own, so gently that receipts do not
/// feel it. Of several replicas one does it at a time.
class Maintenance {
 public:
  struct Options {
    StoreConfig store;
    std::string owner;                      ///< another for each process
    std::chrono::milliseconds first_after;  ///< at random, so that replicas do not meet
    std::vector<std::string> served;        ///< handlers that deliveries are made to
  };
  Maintenance(std::unique_ptr<storage::Connection> connection, Options options, WallClock clock,
              Log& log);
  /// As ask_to_stop(), and waits for the transaction that is under way.
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  /// From now on it begins no transaction.
  void ask_to_stop();

 private:
  void work();
  void purge();
  /// Says once whose deliveries nobody makes, as soon as the store can be asked.
  void tell_unclaimed();
  /// \return false where it was stopped meanwhile.
  bool rest(std::chrono::steady_clock::duration time);
  void tell(const storage::PurgeCounts& counts);

  const std::unique_ptr<storage::Connection> connection_;
  const Options options_;
  const WallClock clock_;
  Log& log_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  ///< protected by the mutex
  bool unclaimed_told_ = false;

  std::thread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
