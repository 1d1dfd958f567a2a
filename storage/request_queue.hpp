#pragma once

/// \file
/// The bounded queue of requests that wait for a writer thread of the Inbox.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/admit_batch.hpp"
#include "storage/inbox.hpp"

namespace couponhook::storage {

/// Queue between the callers of the Inbox and its writer threads. Limits the number of waiting
/// requests and the memory of those that wait or are being committed. Thread-safe.
class RequestQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RequestQueue(const InboxOptions& options);

  [[nodiscard]] Inbox::Queued push(Work&& work);

  /// Called by a writer thread. Releases the requests of its last batch, waits until requests are
  /// queued, and takes up to one batch of them.
  /// \param batch the last batch of this writer; receives the next one, which is empty only if
  /// stop() was called and no requests are left.
  void take(std::vector<Work>& batch);

  /// Refuses new requests from now on and wakes all waiting writer threads.
  void stop();
  /// Pauses the calling writer thread; stop() ends the pause early. Requests can still be queued.
  /// \return true if stop() was called.
  bool pause(std::chrono::milliseconds time);

  /// \return the number of requests that no writer has taken yet.
  [[nodiscard]] std::size_t waiting() const;
  /// \return when requests began to wait; nothing if no request waits or is being committed.
  [[nodiscard]] std::optional<TimePoint> waiting_since() const;

 private:
  // Functions that may be called only while the mutex is held.
  [[nodiscard]] std::size_t untaken() const {
    return queue_.size() + backlog_.size() - backlog_done_;
  }
  [[nodiscard]] std::size_t uncommitted() const { return untaken() + committing_; }

  const std::size_t requests_max_;
  const std::size_t bytes_max_;
  const std::size_t batch_max_;

  mutable std::mutex mutex_;  ///< protects all members below
  std::condition_variable wake_writer_;
  std::condition_variable stop_pauses_;
  std::vector<Work> queue_;
  /// Requests that were taken out of `queue_` but did not fit into one batch; they are written
  /// before `queue_`.
  std::vector<Work> backlog_;
  std::size_t backlog_done_ = 0;
  std::size_t bytes_ = 0;  ///< bytes of memory of waiting requests and of those being committed
  std::size_t committing_ = 0;  ///< number of requests that writers have taken and not finished
  std::size_t sleepers_ = 0;    ///< number of writer threads that sleep because they have no work
  /// True while a sleeping writer thread has been woken and will take the requests that are queued
  /// now.
  bool waking_ = false;
  bool stopping_ = false;
  TimePoint waiting_since_{};
};

}  // namespace couponhook::storage
