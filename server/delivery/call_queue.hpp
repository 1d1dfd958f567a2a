#pragma once

/// \file Queue of deliveries that wait for a free connection or thread to call their handler.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "server/delivery/sender.hpp"

namespace couponhook::server {

/// Queue of deliveries that wait until their handler is called. Thread-safe. The queue has no
/// limit, because the delivery worker takes only as many deliveries as the handler can process
/// soon.
class CallQueue {
 public:
  void push(storage::ClaimedDelivery&& delivery, Priority priority) {
    {
      const std::lock_guard lock(mutex_);
      if (priority == Priority::kReplyWaits) {
        waiting_.push_front(std::move(delivery));
      } else {
        waiting_.push_back(std::move(delivery));
      }
    }
    changed_.notify_one();
  }

  [[nodiscard]] std::optional<storage::ClaimedDelivery> try_pop() {
    const std::lock_guard lock(mutex_);
    return pop_locked();
  }

  /// Waits for a delivery and removes it from the queue. \return nothing if the queue is closed.
  [[nodiscard]] std::optional<storage::ClaimedDelivery> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    return closed_ ? std::nullopt : pop_locked();
  }

  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<storage::ClaimedDelivery> all(std::make_move_iterator(waiting_.begin()),
                                              std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    return all;
  }

  /// Removes one delivery from the queue. \return true if the delivery was in the queue.
  [[nodiscard]] bool take(std::int64_t delivery_id) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(waiting_, [&](const storage::ClaimedDelivery& delivery) {
             return delivery.lease.delivery_id == delivery_id;
           }) > 0;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::optional<storage::ClaimedDelivery> pop_locked() {
    if (waiting_.empty()) return std::nullopt;
    std::optional<storage::ClaimedDelivery> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // deliveries that wait for their call; mutex_ guards waiting_ and closed_
  std::deque<storage::ClaimedDelivery> waiting_;
  bool closed_ = false;
};

}  // namespace couponhook::server
