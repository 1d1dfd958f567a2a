#pragma once

/// \file
/// The thread on which events are posted to targets.

#include <exception>
#include <functional>
#include <thread>

#include <pthread.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "server/net/deadlines.hpp"
#include "server/net/resolve.hpp"

namespace couponhook::server {

/// An io_context with a thread of its own, so that no target can slow the listener down. What is
/// still waiting when it is destroyed is dropped without being run.
class DeliveryThread {
 public:
  DeliveryThread() = default;
  /// As stop().
  ~DeliveryThread() { stop(); }
  DeliveryThread(const DeliveryThread&) = delete;
  DeliveryThread& operator=(const DeliveryThread&) = delete;

  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Deadlines& deadlines() { return deadlines_; }
  [[nodiscard]] Resolver& resolver() { return resolver_; }

  /// \param on_bug told of what nobody caught; the thread goes on.
  void start(std::function<void(std::exception_ptr)> on_bug) {
    asio::co_spawn(io_, sweep_for_ever(deadlines_), on_bug);
    thread_ = std::thread([this, on_bug] {
      pthread_setname_np(pthread_self(), "delivery-io");
      while (!io_.stopped()) {
        try {
          io_.run();
        } catch (...) {
          on_bug(std::current_exception());
        }
      }
    });
  }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  // Before the io_context, whose last coroutines still stand in them.
  Deadlines deadlines_;
  Resolver resolver_;
  asio::io_context io_{1};
  std::thread thread_;
};

}  // namespace couponhook::server
