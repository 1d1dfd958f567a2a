#include "server/delivery/replica_waker.hpp"

#include <utility>

#include <pthread.h>

namespace couponhook::server {
namespace {

/// Time limit of one wait for a wake-up message; the next wait begins at once.
constexpr std::chrono::minutes kListenMax{1};

}  // namespace

ReplicaWaker::ReplicaWaker(std::unique_ptr<storage::WakeChannel> channel,
                           std::function<void()> on_wake)
    : channel_(std::move(channel)), on_wake_(std::move(on_wake)) {}

void ReplicaWaker::start() {
  if (channel_) thread_ = std::thread([this] { listen(); });
}

void ReplicaWaker::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  channel_->interrupt();
  thread_.join();
}

void ReplicaWaker::listen() {
  pthread_setname_np(pthread_self(), "replica-waker");
  while (!stopping_) {
    if (channel_->wait(std::chrono::steady_clock::now() + kListenMax)) on_wake_();
  }
}

}  // namespace couponhook::server
