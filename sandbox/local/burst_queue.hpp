#pragma once

/// \file
/// Signs notifications on separate threads before they are sent. Signing takes longer than sending;
/// if it happened between two sends, its time would be measured as latency of the service under
/// test. Internal header: only sandbox/local/ includes it.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "sandbox/local/notification_maker.hpp"
#include "sandbox/local/sender.hpp"

namespace couponhook::server {

/// All copies of one notification, encrypted, signed and ready to be sent at the same time.
struct Burst {
  Outgoing outgoing;
  std::vector<SignedNotification> copies;
};

class BurstQueue {
 public:
  /// \param depth largest number of signed notifications that wait to be sent; this limits the
  ///   memory.
  /// \param notify function that is called, on any thread, when a burst (the copies of a
  ///   notification) is ready or when no more bursts will come. The function must work as long as
  ///   this queue exists.
  BurstQueue(const SendPlan& plan, const NotificationMaker& maker, const NextOutgoing& next,
             std::size_t depth, std::function<void()> notify)
      : plan_(plan), maker_(maker), next_(next), depth_(depth), notify_(std::move(notify)) {}

  ~BurstQueue() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  BurstQueue(const BurstQueue&) = delete;
  BurstQueue& operator=(const BurstQueue&) = delete;

  /// Starts the threads that sign notifications.
  /// \param threads number of signing threads. With more than one thread, notifications can become
  ///   ready in a different order from the one in which `next` returned them.
  void start(std::size_t threads) {
    begun_ = std::chrono::steady_clock::now();
    running_ = threads;
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }

  [[nodiscard]] std::optional<Burst> take() {
    std::optional<Burst> burst;
    {
      const std::lock_guard lock(mutex_);
      if (ready_.empty()) return std::nullopt;
      burst = std::move(ready_.front());
      ready_.pop_front();
    }
    changed_.notify_all();
    return burst;
  }

  /// Returns true if all notifications were signed and take() has returned all of them.
  /// \throws the exception that `next` or the notification maker threw on a signing thread.
  [[nodiscard]] bool is_over() {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    return running_ == 0 && ready_.empty();
  }

 private:
  void run() {
    try {
      while (make_one()) notify_();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      exhausted_ = true;
    }
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    notify_();
  }

  bool make_one() {
    std::optional<Outgoing> outgoing;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || ready_.size() + making_ < depth_; });
      if (stopping_ || exhausted_) return false;
      outgoing = next_();
      exhausted_ = !outgoing;
      if (exhausted_) return false;
      // Wait here, before signing, to keep the limit of notifications per second. A wait between
      // signing and sending would make the timestamp of a signed copy too old.
      if (plan_.rate > 0) {
        const std::chrono::duration<double> offset(static_cast<double>(given_++) / plan_.rate);
        const auto due =
            begun_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(offset);
        if (changed_.wait_until(lock, due, [this] { return stopping_; })) return false;
      }
      ++making_;
    }
    Burst burst{std::move(*outgoing), {}};
    burst.copies.reserve(plan_.copies);
    for (unsigned i = 0; i < plan_.copies; ++i) {
      burst.copies.push_back(maker_.make(burst.outgoing.draft, plan_.bad));
    }
    const std::lock_guard lock(mutex_);
    --making_;
    ready_.push_back(std::move(burst));
    return true;
  }

  const SendPlan& plan_;
  const NotificationMaker& maker_;
  const NextOutgoing& next_;
  const std::size_t depth_;
  const std::function<void()> notify_;
  std::chrono::steady_clock::time_point begun_;

  std::mutex mutex_;  // protects all members after it, except threads_
  std::condition_variable changed_;
  std::deque<Burst> ready_;
  std::size_t making_ = 0;
  std::uint64_t given_ = 0;
  std::size_t running_ = 0;
  bool exhausted_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;

  std::vector<std::thread> threads_;
};

}  // namespace couponhook::server
