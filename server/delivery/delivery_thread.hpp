#pragma once

/// \file
/// A thread for outgoing HTTP calls: events to http handlers, or alerts.

#include <exception>
#include <functional>
#include <thread>

#include <pthread.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "server/net/deadlines.hpp"
#include "server/net/resolve.hpp"

namespace couponhook::server {

/// An io_context with its own thread, so that a slow target cannot slow down the receiving of
/// notifications. The destructor drops all tasks that are still waiting, without running them.
class DeliveryThread {
 public:
  DeliveryThread() = default;
  /// Stops the delivery thread by calling stop().
  ~DeliveryThread() { stop(); }
  DeliveryThread(const DeliveryThread&) = delete;
  DeliveryThread& operator=(const DeliveryThread&) = delete;

  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Deadlines& deadlines() { return deadlines_; }
  [[nodiscard]] Resolver& resolver() { return resolver_; }

  /// Starts the thread.
  /// \param on_bug called with each uncaught exception of a task; the thread then continues.
  /// \param name name of the thread for the operating system, at most 15 characters; a literal.
  void start(std::function<void(std::exception_ptr)> on_bug, const char* name = "delivery-io") {
    asio::co_spawn(io_, sweep_forever(deadlines_), on_bug);
    thread_ = std::thread([this, on_bug, name] {
      pthread_setname_np(pthread_self(), name);
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
  // The deadlines and the resolver are declared before the io_context, so they are destroyed after
  // it: coroutines that the io_context destroys still use them.
  Deadlines deadlines_;
  Resolver resolver_;
  asio::io_context io_{1};
  std::thread thread_;
};

}  // namespace couponhook::server
