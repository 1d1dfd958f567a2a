#pragma once

/// \file
/// Mailbox of the delivery worker: messages that other threads leave for the worker's thread.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "server/delivery/delivery_waiter.hpp"
#include "server/delivery/sender.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// The messages that have come since the worker last took its mail.
struct WorkerMail {
  std::vector<Called> calls;             ///< finished calls of handlers
  std::vector<HandledRequest> requests;  ///< requests whose replies to WeChat Pay wait for handlers
  bool new_deliveries = false;           ///< true: deliveries were stored
  /// The time by which the worker must have stopped; nothing if it need not stop.
  std::optional<SteadyClock::time_point> stop_by;

  [[nodiscard]] bool empty() const {
    return calls.empty() && requests.empty() && !new_deliveries && !stop_by;
  }
};

/// Collects messages to the delivery worker, and wakes the worker's thread for each. Thread-safe.
class WorkerMailbox {
 public:
  void put(Called&& call) noexcept;
  void put(HandledRequest&& request);
  /// Reports that deliveries were stored. Many threads report this often; while the worker has not
  /// taken the first report, further ones cost no lock.
  void put_new_deliveries() noexcept;
  void put_stop(SteadyClock::time_point stop_by);

  /// Waits until there is a message, but not longer than until the given time.
  void wait_until(SteadyClock::time_point until);
  /// Returns all messages, and empties the mailbox.
  [[nodiscard]] WorkerMail take();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  WorkerMail inbox_;  ///< guarded by mutex_
  std::atomic<bool> new_deliveries_put_ = false;
};

}  // namespace couponhook::server
