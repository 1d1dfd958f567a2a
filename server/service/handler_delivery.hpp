#pragma once

/// \file
/// Delivery of stored notifications to the handlers, in this replica and together with the others.

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>

#include "base/clock.hpp"
#include "server/delivery/delivery_thread.hpp"
#include "server/delivery/replica_waker.hpp"
#include "server/delivery/worker.hpp"
#include "server/log/log.hpp"
#include "server/service/service_connections.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {

/// The delivery worker, the thread on which http handlers are called, and the wake-up messages
/// between replicas.
class HandlerDelivery {
 public:
  /// Makes the parts; their threads are not started yet.
  /// \param random_seed seed of the random numbers that spread retries over time.
  /// \param log must outlive this object.
  HandlerDelivery(DeliveryConnections connections, const Setup& setup,
                  const storage::LeaseTerms& lease_terms, const base::WallClock& clock,
                  std::uint64_t random_seed, Log& log);

  [[nodiscard]] DeliveryWorker& worker() { return worker_; }

  /// Starts the threads.
  /// \param on_bug called with each uncaught exception of a call of an http handler.
  void start(std::function<void(std::exception_ptr)> on_bug);
  /// Wakes the delivery workers of this and of all other replicas, because deliveries are waiting.
  /// Thread-safe.
  void wake_all_replicas() noexcept {
    worker_.wake();
    waker_.announce();
  }
  /// Stops the threads. It is safe to call this function twice.
  /// \param patience longest wait for running handler calls.
  void stop(std::chrono::milliseconds patience);

 private:
  DeliveryThread http_thread_;
  DeliveryWorker worker_;
  ReplicaWaker waker_;
};

}  // namespace couponhook::server
