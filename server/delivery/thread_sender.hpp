#pragma once

/// \file
/// Calls a handler that may block, on a pool of threads.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "server/delivery/call_queue.hpp"

namespace couponhook::server {

/// Calls one handler object from several threads, one thread for each call that may run at a time.
class ThreadSender final : public Sender {
 public:
  /// Starts the threads that call the handler.
  /// \param listener must outlive this object.
  /// \param shutdown_timeout longest time that the destructor waits for running calls.
  ThreadSender(std::string name, std::shared_ptr<handlers::Handler> handler, int concurrency,
               base::WallClock clock, CallListener& listener,
               std::chrono::milliseconds shutdown_timeout = std::chrono::seconds(5));
  /// Drops deliveries for which no call has begun, and waits for running calls. A call that runs
  /// longer than `shutdown_timeout` is left alone: its thread and its handler live on until the
  /// call ends, and its result is dropped.
  ~ThreadSender() override;

  void send(storage::ClaimedDelivery&& delivery, Priority priority) override {
    shared_->queue.push(std::move(delivery), priority);
  }
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() override {
    return shared_->queue.take_all();
  }
  [[nodiscard]] bool take_back(std::int64_t delivery_id) override {
    return shared_->queue.take(delivery_id);
  }

 private:
  /// State that the threads of the pool share; it lives as long as the last thread.
  struct Shared {
    std::string name;
    std::shared_ptr<handlers::Handler> handler;
    base::WallClock clock;
    CallQueue queue;
    std::mutex mutex;
    std::condition_variable changed;
    /// Receives the results of finished calls; null after the destructor has given up waiting.
    /// `mutex` guards this member and `running`.
    CallListener* listener;
    int running = 0;

    void call_until_closed();
    [[nodiscard]] handlers::Outcome call(const storage::ClaimedDelivery& delivery) noexcept;
    void report(Called&& call);
  };

  const std::shared_ptr<Shared> shared_;
  const std::chrono::milliseconds shutdown_timeout_;
  std::vector<std::thread> threads_;
};

}  // namespace couponhook::server
