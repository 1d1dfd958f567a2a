#pragma once

/// \file
/// Calls a handlers::Handler, which may block, from threads of its own.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/clock.hpp"
#include "server/delivery/call_queue.hpp"

namespace couponhook::server {

/// One handler object, called from as many threads as it may have calls at once.
class ThreadSender final : public Sender {
 public:
  /// \param listener must outlive this object.
  ThreadSender(std::string name, std::shared_ptr<handlers::Handler> handler, int concurrency,
               WallClock clock, CallListener& listener);
  /// Drops what has not begun and waits for what has.
  ~ThreadSender() override;

  void send(storage::ClaimedDelivery&& delivery, Urgency urgency) override {
    queue_.push(std::move(delivery), urgency);
  }
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() override {
    return queue_.take_all();
  }

 private:
  void call_until_closed();
  [[nodiscard]] handlers::Outcome call(const storage::ClaimedDelivery& delivery) noexcept;

  std::string name_;
  std::shared_ptr<handlers::Handler> handler_;
  WallClock clock_;
  CallListener& listener_;
  CallQueue queue_;
  std::vector<std::thread> threads_;
};

}  // namespace couponhook::server
