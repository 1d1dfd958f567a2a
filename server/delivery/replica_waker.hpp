#pragma once

/// \file
/// Wakes the delivery workers of other replicas, and this one's when another replica has work.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "storage/wake_channel.hpp"

namespace couponhook::server {

/// Listens on the store's wake channel, on its own thread. Does nothing if the store has no such
/// channel, because there are no other replicas then.
class ReplicaWaker {
 public:
  /// \param on_news called on that thread when another replica has stored new deliveries.
  ReplicaWaker(std::unique_ptr<storage::WakeChannel> channel, std::function<void()> on_news);
  /// Calls stop().
  ~ReplicaWaker() { stop(); }
  ReplicaWaker(const ReplicaWaker&) = delete;
  ReplicaWaker& operator=(const ReplicaWaker&) = delete;

  void start();
  void stop();

  /// Wakes the other replicas. Thread-safe; does not block.
  void announce() noexcept {
    if (channel_) channel_->announce();
  }

 private:
  void listen();

  const std::unique_ptr<storage::WakeChannel> channel_;
  const std::function<void()> on_news_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace couponhook::server
