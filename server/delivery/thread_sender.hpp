#pragma once

/// \file
/// Calls a handlers::Handler, which may block, from threads of its own.

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

/// One handler object, called from as many threads as it may have calls at once.
class ThreadSender final : public Sender {
 public:
  /// \param listener must outlive this object.
  /// \param end_patience how long the end of this object may wait for calls.
  ThreadSender(std::string name, std::shared_ptr<handlers::Handler> handler, int concurrency,
               base::WallClock clock, CallListener& listener,
               std::chrono::milliseconds end_patience = std::chrono::seconds(5));
  /// Drops what has not begun and waits for what has. A call that hangs longer than the patience is
  /// left to itself, with a handler that lives as long as it does; nobody is told of its end.
  ~ThreadSender() override;

  void send(storage::ClaimedDelivery&& delivery, Urgency urgency) override {
    shared_->queue.push(std::move(delivery), urgency);
  }
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() override {
    return shared_->queue.take_all();
  }
  [[nodiscard]] bool take_back(std::int64_t delivery_id) override {
    return shared_->queue.take(delivery_id);
  }

 private:
  /// What the threads use, for as long as the last of them lives.
  struct Shared {
    std::string name;
    std::shared_ptr<handlers::Handler> handler;
    base::WallClock clock;
    CallQueue queue;
    std::mutex mutex;
    std::condition_variable changed;
    CallListener* listener;  ///< guarded by the mutex, as is the next; null once nobody is told
    int running = 0;

    void call_until_closed();
    [[nodiscard]] handlers::Outcome call(const storage::ClaimedDelivery& delivery) noexcept;
    void tell(Called&& call);
  };

  const std::shared_ptr<Shared> shared_;
  const std::chrono::milliseconds end_patience_;
  std::vector<std::thread> threads_;
};

}  // namespace couponhook::server
