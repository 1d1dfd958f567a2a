#pragma once

/// \file
/// Replicas wake each other's delivery workers.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "storage/wake_channel.hpp"

namespace couponhook::server {

/// Listens on the store's channel, on a thread of its own. Does nothing where the store has none:
/// there are no other replicas then.
class ReplicaWaker {
 public:
  /// \param on_news called on that thread when another replica has left something to deliver.
  ReplicaWaker(std::unique_ptr<storage::WakeChannel> channel, std::function<void()> on_news);
  /// As stop().
  ~ReplicaWaker() { stop(); }
  ReplicaWaker(const ReplicaWaker&) = delete;
  ReplicaWaker& operator=(const ReplicaWaker&) = delete;

  void start();
  void stop();

  /// Tells the other replicas. Thread-safe; does not block.
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
