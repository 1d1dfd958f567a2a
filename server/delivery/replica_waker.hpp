#pragma once

/// \file
/// Wakes the delivery workers of other replicas when this replica has stored deliveries, and wakes
/// its own delivery worker when another replica has stored some.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "storage/wake_channel.hpp"

namespace couponhook::server {

/// Listens on the database's channel for wake-up messages between replicas, on its own thread. Does
/// nothing if the database has no such channel, because there are no other replicas then.
class ReplicaWaker {
 public:
  /// Makes a ReplicaWaker; its thread is not started yet.
  /// \param on_wake called on the thread of the ReplicaWaker when another replica has stored new
  ///   deliveries.
  ReplicaWaker(std::unique_ptr<storage::WakeChannel> channel, std::function<void()> on_wake);
  /// Stops the listening thread by calling stop().
  ~ReplicaWaker() { stop(); }
  ReplicaWaker(const ReplicaWaker&) = delete;
  ReplicaWaker& operator=(const ReplicaWaker&) = delete;

  void start();
  void stop();

  /// Wakes the delivery workers of the other replicas. Thread-safe; does not block.
  void announce() noexcept {
    if (channel_) channel_->announce();
  }

 private:
  void listen();

  const std::unique_ptr<storage::WakeChannel> channel_;
  const std::function<void()> on_wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace couponhook::server
